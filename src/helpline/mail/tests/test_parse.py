"""Mails of every shape: what they say, what hangs on them, and who wrote them."""

from __future__ import annotations

import hashlib
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpline.mail.parsing import parse as parsing
from helpline.mail.parsing.message import Address
from helpline.mail.parsing.mime import NO_BOUNDARY, UNCLOSED
from helpline.mail.parsing.parse import embedded, file_name, parse, parse_file
from helpline.mail.tests.letters import CARL, attachment, mixed, multipart, part, raw

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def test_a_plain_mail() -> None:
    message = parse(
        raw(
            headers=[
                ("Cc", "Lena <lena@desk.example>, ben@desk.example"),
                ("Delivered-To", "desk@host.example"),
            ]
        )
    )
    assert message.sender == Address("Carl Customer", "carl@customer.example")
    assert message.subject == "Printer"
    assert message.message_id == "<m1@customer.example>"
    assert message.date == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert message.text == "Hello,\nthe printer is on fire.\n"
    assert [one.key for one in message.cc] == ["lena@desk.example", "ben@desk.example"]
    assert message.recipients == (
        "support@desk.example",
        "lena@desk.example",
        "ben@desk.example",
        "desk@host.example",
    )
    assert message.headers.get("SUBJECT") == "Printer"
    assert message.oddities == ()


def test_ids_of_the_thread() -> None:
    headers = [("In-Reply-To", "<c@x>"), ("References", "<a@x> <b@x>\r\n <a@x>\t<c@x>")]
    message = parse(raw(headers=headers))
    assert message.in_reply_to == "<c@x>"
    assert message.references == ("<a@x>", "<b@x>", "<c@x>")
    assert message.ancestors == ("<c@x>", "<b@x>", "<a@x>")


def test_text_and_html_of_one_alternative() -> None:
    both = [
        part("plain words", "text/plain; charset=utf-8"),
        part("<p>html words</p>", "text/html; charset=utf-8"),
    ]
    message = parse(mixed(both, "alternative"))
    assert message.text.strip() == "plain words"
    assert message.html.strip() == "<p>html words</p>"
    assert not message.text_from_html
    assert message.parts == ()


def test_html_only_is_read_as_text_too() -> None:
    message = parse(
        raw("<p>Hello <b>desk</b></p><script>alert(1)</script>", content_type="text/html; charset=utf-8")
    )
    assert message.text == "Hello desk\n"
    assert message.text_from_html


def test_a_picture_within_the_text_and_a_file() -> None:
    related = multipart(
        [
            part('<p>see <img src="cid:pic@x"></p>', "text/html"),
            part(_base64(PICTURE), "image/png", "base64", "Content-ID: <pic@x>"),
        ],
        "=_rel",
    )
    both = multipart(
        [part("see", "text/plain"), part(related, 'multipart/related; boundary="=_rel"')], "=_alt"
    )
    message = parse(mixed([part(both, 'multipart/alternative; boundary="=_alt"'), attachment(b"%PDF-1.4")]))
    assert message.text.strip() == "see"
    picture, file = message.parts
    assert (picture.inline, picture.content_id, picture.read()) == (True, "pic@x", PICTURE)
    assert (file.name, file.type, file.size, file.inline, file.read()) == (
        "log.pdf",
        "application/pdf",
        8,
        False,
        b"%PDF-1.4",
    )


def test_text_around_a_picture_stays_in_order() -> None:
    """Apple Mail writes text, picture, text."""
    parts = [
        part("above\r\n", "text/plain"),
        part(_base64(PICTURE), "image/png", "base64"),
        part("below\r\n", "text/plain"),
    ]
    message = parse(mixed(parts))
    assert message.text.split() == ["above", "below"]
    assert len(message.parts) == 1


def test_a_footer_of_a_list_is_in_both_bodies() -> None:
    both = multipart([part("words", "text/plain"), part("<p>words</p>", "text/html")], "=_alt")
    message = parse(
        mixed([part(both, 'multipart/alternative; boundary="=_alt"'), part("the <footer>", "text/plain")])
    )
    assert message.text.split() == ["words", "the", "<footer>"]
    assert "<pre>the &lt;footer&gt;</pre>" in message.html


def test_a_forwarded_message_is_kept_whole() -> None:
    inner = raw("inner text", sender="x@y.example", subject="inner", message_id="<inner@y.example>")
    message = parse(mixed([part("see below", "text/plain"), part(inner, "message/rfc822")]))
    assert message.text.strip() == "see below"
    (kept,) = message.parts
    assert kept.name == "part-1.eml"
    assert kept.read() == inner
    original = embedded(kept)
    assert original is not None
    assert (original.subject, original.message_id, original.text) == (
        "inner",
        "<inner@y.example>",
        "inner text",
    )


def test_an_invitation_and_signed_parts_are_kept() -> None:
    parts = [
        part("come", "text/plain"),
        part("BEGIN:VCALENDAR", "text/calendar; method=REQUEST"),
        part(_base64(b"sig"), "application/pkcs7-signature; name=smime.p7s", "base64"),
        part("-----BEGIN PGP", "application/pgp-encrypted"),
    ]
    message = parse(mixed(parts))
    assert [one.type for one in message.parts] == [
        "text/calendar",
        "application/pkcs7-signature",
        "application/pgp-encrypted",
    ]
    assert dict(message.parts[0].params)["method"] == "REQUEST"
    assert message.parts[0].name == "part-1.ics"


def test_only_an_attachment() -> None:
    message = parse(
        raw(_base64(b"%PDF-1.4\n"), content_type="application/pdf; name=a.pdf", encoding="base64")
    )
    assert (message.text, message.parts[0].name, message.parts[0].read()) == ("", "a.pdf", b"%PDF-1.4\n")


def test_a_text_file_attached_is_no_text() -> None:
    file = part("secret log", "text/plain", "", 'Content-Disposition: attachment; filename="log.txt"')
    message = parse(mixed([part("words", "text/plain"), file]))
    assert message.text.strip() == "words"
    assert message.parts[0].name == "log.txt"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("filename*=utf-8''R%C3%A9sum%C3%A9.pdf", "Résumé.pdf"),
        ('filename*0="long"; filename*1="name.pdf"', "longname.pdf"),
        ("filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9Fe.pdf", "Grüße.pdf"),
        ('filename="=?utf-8?B?R3LDvMOfZS5wZGY=?="', "Grüße.pdf"),
        ('filename="..\\\\..\\\\etc/passwd"', "passwd"),
        ('filename="a\u202efdp.exe"', "afdp.exe"),
        ("filename*=unicode_escape''C%5Cx41.pdf", "x41.pdf"),
        ("filename*=zlib''abc.pdf", "abc.pdf"),
        ('filename="Größe.pdf"', "Größe.pdf"),
    ],
)
def test_names_of_files(said: str, name: str) -> None:
    kept = part("x", "application/pdf", "", f"Content-Disposition: attachment; {said}")
    assert parse(mixed([kept])).parts[0].name == name


def test_a_long_name_keeps_its_extension() -> None:
    assert file_name("x" * 500 + ".pdf") == "x" * 146 + ".pdf"
    assert len(file_name("y" * 500)) == 150


@pytest.mark.parametrize(
    ("said", "address", "name"),
    [
        ("Carl <carl@x.example>", "carl@x.example", "Carl"),
        ('"Customer, Carl" <carl@x.example>', "carl@x.example", "Customer, Carl"),
        ("=?utf-8?Q?M=C3=BCller=2C_Carl?= <carl@x.example>", "carl@x.example", "Müller, Carl"),
        ("carl@x.example (Carl)", "carl@x.example", "Carl"),
        ("Carl [EXT] <carl@x.example>", "carl@x.example", "Carl [EXT]"),
        ("carl@evil.example <carl@x.example>", "carl@x.example", "carl@evil.example"),
        ("<carl@x.example", "carl@x.example", ""),
        (
            "=?utf-8?Q?Carl_=3Cevil=40x.example=3E?= <carl@x.example>",
            "carl@x.example",
            "Carl <evil@x.example>",
        ),
        ("(" * 20_000 + " carl@x.example", "carl@x.example", ""),
    ],
)
def test_senders(said: str, address: str, name: str) -> None:
    sender = parse(raw(sender=said)).sender
    assert sender is not None
    assert sender.address == address
    if name != "Carl [EXT]":
        assert sender.name == name


def test_without_from_the_next_best_is_taken() -> None:
    message = parse(raw(sender=None, headers=[("Return-Path", "<carl@customer.example>")]))
    assert message.sender == Address("", "carl@customer.example")
    assert parsing.SENDER_GUESSED in message.oddities
    assert parsing.NO_SENDER in parse(raw(sender=None)).oddities


def test_injected_headers_stay_in_their_line() -> None:
    message = parse(
        raw(
            subject="=?utf-8?Q?Hi=0D=0ABcc=3A_all=40desk.example=0D=0A?=",
            sender="=?utf-8?Q?C=0AX?= <c@x.example>",
        )
    )
    assert message.subject == "Hi Bcc: all@desk.example"
    assert message.sender is not None
    assert message.sender.name == "C X"
    assert "bcc" not in message.headers


def test_doubled_headers_are_told() -> None:
    message = parse(raw(headers=[("From", "evil@x.example"), ("Subject", "other")]))
    assert message.sender is not None
    assert message.sender.address == "carl@customer.example"
    assert parsing.HEADER_DOUBLED in message.oddities


@pytest.mark.parametrize(
    "said",
    [
        "",
        "yesterday",
        "Mon, 99 Foo 2026",
        "Mon, 02 Mar 99999 10:00:00 +9999",
    ],
)
def test_unreadable_dates(said: str) -> None:
    source = raw().replace(b"Mon, 02 Mar 2026 10:00:00 +0100", said.encode())
    assert parse(source).date is None


def test_nothing_at_all() -> None:
    for source in (b"", b"\r\n", b"\n\n\n", b" ", b":", b"\0"):
        message = parse(source)
        assert message.sender is None
        assert parsing.NO_MESSAGE_ID in message.oddities


def test_a_boundary_that_never_appears_leaves_the_text() -> None:
    message = parse(
        raw("--OTHER\r\ntext in wrong boundary\r\n", content_type="multipart/mixed; boundary=NOPE")
    )
    assert "text in wrong boundary" in message.text
    assert NO_BOUNDARY in message.oddities


def test_a_lost_boundary_is_found_again() -> None:
    body = multipart([part("words", "text/plain"), attachment(b"data")], "real")
    message = parse(raw(body, content_type="multipart/mixed"))
    assert message.text.strip() == "words"
    assert message.parts[0].read() == b"data"


def test_a_cut_mail_keeps_what_came() -> None:
    whole = mixed([part("words", "text/plain"), attachment(b"0123456789" * 100)])
    message = parse(whole[: whole.index(b"Content-Disposition") + 300])
    assert message.text.strip() == "words"
    assert 0 < message.parts[0].size < 1000
    assert UNCLOSED in message.oddities


def test_boundaries_that_begin_alike() -> None:
    inner = multipart([part("inner", "text/plain")], "=_bb")
    message = parse(
        mixed([part(inner, 'multipart/mixed; boundary="=_bb"'), part("outer", "text/plain")], boundary="=_b")
    )
    assert message.text.split() == ["inner", "outer"]


def test_line_ends_of_every_kind() -> None:
    source = raw("one\r\ntwo\r\n")
    for ends in (source, source.replace(b"\r\n", b"\n"), source.replace(b"\r\n", b"\r")):
        message = parse(ends)
        assert (message.subject, message.text) == ("Printer", "one\ntwo\n")


def test_the_line_of_an_mbox_is_no_header() -> None:
    assert parse(b"From carl@x Mon Mar  2 10:00:00 2026\r\n" + raw()).subject == "Printer"


def test_a_header_that_lost_its_indent_goes_on() -> None:
    source = raw().replace(b"Subject: Printer", b"Subject: Printer\r\nin the hall")
    message = parse(source)
    assert message.subject == "Printer in the hall"
    assert message.message_id == "<m1@customer.example>"


@pytest.mark.parametrize(
    ("encoding", "body", "data"),
    [
        ("base64", b"aGVsbG8=\r\nIHdvcmxk\r\n", b"hello world"),
        ("base64", b"aGVs*bG8", b"hello"),
        ("BASE64 ", b"aGVsbG8", b"hello"),
        ("quoted-printable", b"h=65llo=\r\n world=20=ZZ", b"hello world =ZZ"),
        ("x-uuencode", b"begin 644 a\r\n%:&5L;&\\\r\n`\r\nend\r\n", b"hello"),
        ("8bit", b"\xff\xfe", b"\xff\xfe"),
        ("nonsense", b"as it is", b"as it is"),
    ],
)
def test_transfer_encodings(encoding: str, body: bytes, data: bytes) -> None:
    kept = part(body, "application/octet-stream", encoding, "Content-Disposition: attachment")
    assert parse(mixed([kept])).parts[0].read() == data


def test_a_large_attachment_is_never_held_as_a_whole(tmp_path: Path) -> None:
    data = bytes(range(256)) * 4096 * 8
    path = tmp_path / "large.eml"
    path.write_bytes(mixed([part("see", "text/plain"), attachment(data)]))
    tracemalloc.start()
    (kept,) = parse_file(path).parts
    digest = hashlib.sha256()
    for chunk in kept.chunks():
        digest.update(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert kept.size == len(data)
    assert digest.digest() == hashlib.sha256(data).digest()
    assert peak < len(data)  # 8 MiB; the header block alone is looked at in up to 4 MiB


def test_a_small_file_is_read_and_an_empty_one_too(tmp_path: Path) -> None:
    for content in (raw(sender=CARL), b""):
        path = tmp_path / "one.eml"
        path.write_bytes(content)
        assert parse_file(path).size == len(content)


def _base64(data: bytes) -> bytes:
    import base64

    return base64.encodebytes(data).replace(b"\n", b"\r\n")
