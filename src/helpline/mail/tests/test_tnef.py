"""winmail.dat: Outlook's envelope, opened within bounds, never in anger."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from helpline.mail.parsing import tnef
from helpline.mail.parsing.parse import TNEF_BROKEN, parse
from helpline.mail.tests.letters import attachment, mixed, part

MESSAGE, FILE = 1, 2


def attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def prop(name: int, kind: int, data: bytes) -> bytes:
    """One property, its value padded to four bytes; strings and binaries carry a count and a length."""
    fixed = kind in (0x03, 0x40)
    head = struct.pack("<HH", kind, name) + (b"" if fixed else struct.pack("<II", 1, len(data)))
    return head + data + b"\0" * (-len(data) % 4)


def props(*some: bytes) -> bytes:
    return struct.pack("<I", len(some)) + b"".join(some)


def winmail(*attributes: bytes) -> bytes:
    page = attribute(MESSAGE, 0x00069007, struct.pack("<II", 1252, 0))
    return struct.pack("<IH", 0x223E9F78, 1) + page + b"".join(attributes)


def file(name: bytes, data: bytes, *more: bytes) -> list[bytes]:
    return [
        attribute(FILE, 0x00069002, b"\0" * 14),
        attribute(FILE, 0x00018010, name + b"\0"),
        attribute(FILE, 0x0006800F, data),
        *([attribute(FILE, 0x00069005, props(*more))] if more else []),
    ]


def wide(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


def test_files_with_their_long_names() -> None:
    named = props_of_file("Größe und Maß.pdf")
    opened = tnef.read(winmail(*file(b"GROESS~1.PDF", b"%PDF", *named), *file(b"zwei.txt", b"2" * 70_000)))
    assert opened is not None
    assert [(one.name, len(one.data)) for one in opened.files] == [
        ("Größe und Maß.pdf", 4),
        ("zwei.txt", 70_000),
    ]
    assert opened.files[0].type == "application/pdf"
    assert opened.files[0].content_id == "pic@x"


def props_of_file(name: str) -> list[bytes]:
    named = (
        struct.pack("<HH", 0x1F, 0x8001)
        + b"g" * 16
        + struct.pack("<II", 1, 4)
        + wide("a")
        + struct.pack("<II", 1, 4)
        + wide("b")
    )
    return [
        prop(0x0E21, 0x03, b"\0\0\0\0"),
        named,
        prop(0x3707, 0x1F, wide(name)),
        prop(0x370E, 0x1E, b"application/pdf\0"),
        prop(0x3712, 0x1E, b"<pic@x>\0"),
    ]


def test_the_body_in_its_three_forms() -> None:
    told = props(
        prop(0x1000, 0x1F, wide("Grüße")),
        prop(0x1013, 0x102, "<p>Grüße</p>".encode("cp1252")),
        prop(0x3FDE, 0x03, b"\xe4\x04\0\0"),
    )
    opened = tnef.read(winmail(attribute(MESSAGE, 0x00069003, told)))
    assert opened is not None
    assert (opened.text, opened.html) == ("Grüße", "<p>Grüße</p>")
    plain = tnef.read(winmail(attribute(MESSAGE, 0x0002800C, b"Gr\xfc\xdfe\r\n\0")))
    assert plain is not None
    assert plain.text == "Grüße\n"


def test_compressed_rtf_becomes_a_file() -> None:
    """The worked example of MS-OXRTFCP, 3.1.1."""
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert tnef.unpack_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    opened = tnef.read(winmail(attribute(MESSAGE, 0x00069003, props(prop(0x1009, 0x102, packed)))))
    assert opened is not None
    assert [one.name for one in opened.files] == ["body.rtf"]


def test_a_run_that_overlaps_itself_is_read() -> None:
    """The second example of MS-OXRTFCP, 3.1.2."""
    packed = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert tnef.unpack_rtf(packed) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_a_mail_hands_out_what_winmail_held() -> None:
    data = winmail(attribute(MESSAGE, 0x0002800C, b"in the envelope\0"), *file(b"a.txt", b"abc"))
    message = parse(mixed([attachment(data, "winmail.dat", "application/ms-tnef")]))
    assert message.text == "in the envelope"
    assert [(one.name, one.read()) for one in message.parts] == [("a.txt", b"abc")]
    with_text = parse(
        mixed(
            [
                part("outside", "text/plain"),
                attachment(winmail(*file(b"a.txt", b"abc")), "winmail.dat", "application/ms-tnef"),
            ]
        )
    )
    assert with_text.text.strip() == "outside"


def test_a_broken_envelope_is_kept_as_it_is() -> None:
    message = parse(
        mixed([part("outside", "text/plain"), attachment(b"no tnef", "winmail.dat", "application/ms-tnef")])
    )
    assert [(one.name, one.read()) for one in message.parts] == [("winmail.dat", b"no tnef")]
    assert TNEF_BROKEN in message.oddities


WHOLE = winmail(
    attribute(MESSAGE, 0x00069003, props(prop(0x1000, 0x1F, wide("x" * 50)))),
    *file(b"a.txt", b"abc", *props_of_file("a")),
)


@given(
    st.integers(0, len(WHOLE)),
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=8),
)
def test_no_envelope_raises(cut: int, changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for at, byte in changes:
        data[at] = byte
    tnef.read(bytes(data))
    tnef.read(bytes(data[:cut]))


@given(st.binary(max_size=200))
def test_no_rubbish_raises(data: bytes) -> None:
    tnef.read(data)
    tnef.read(winmail(attribute(MESSAGE, 0x00069003, data), attribute(FILE, 0x00069005, data)))
    tnef.unpack_rtf(data)
    tnef.unpack_rtf(struct.pack("<II", len(data), 10**9) + b"LZFu\0\0\0\0" + data)


def test_a_bomb_of_attributes_costs_little() -> None:
    opened = tnef.read(
        winmail(
            *(attribute(FILE, 0x00069002, b"") + attribute(FILE, 0x00018010, b"a\0") for _ in range(20_000))
        )
    )
    assert opened is not None
    assert len(opened.files) == tnef.MAX_FILES
    assert tnef.read(b"\x78\x9f\x3e\x22" + b"\0" * (tnef.MAX_SIZE + 1)) is None
