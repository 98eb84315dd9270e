"""Verdicts that relays wrote into the message: ours are believed, a stranger's are not."""

import pytest

from helpline.mail.parsing.message import Headers
from helpline.mail.trust.header import read
from helpline.mail.trust.hops import Client, client
from helpline.mail.trust.verdicts import Proofs

OURS = "from mx.acme.example (mx.acme.example [192.0.2.7]) by mx.desk.example with ESMTPS; Mon, 5 Jan 2026 08:59:00 +0000"
THEIRS = (
    "from laptop (unknown [198.51.100.9]) by mx.acme.example with ESMTPSA; Mon, 5 Jan 2026 08:58:59 +0000"
)
VERDICT = "mx.desk.example; spf=pass smtp.mailfrom=carl@acme.example; dkim=pass header.d=acme.example; dmarc=pass header.from=acme.example"


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers(pairs)


def test_our_relays_word_is_read() -> None:
    told = read(
        headers(("Received", OURS), ("Authentication-Results", VERDICT)),
        ["mx.desk.example"],
        ["mx.desk.example"],
    )
    assert told is not None
    assert (told.spf, told.dkim, told.dmarc) == ("pass", "pass", "pass")
    assert told.proofs == Proofs("acme.example", ("acme.example",))


@pytest.mark.parametrize("name", ["mx.evil.example", "desk.example", "mx.desk.example.evil.example"])
def test_another_servers_word_is_not(name: str) -> None:
    forged = VERDICT.replace("mx.desk.example", name, 1)
    assert read(headers(("Authentication-Results", forged)), ["mx.desk.example"], []) is None


def test_without_a_name_that_is_believed_nothing_is() -> None:
    assert read(headers(("Authentication-Results", VERDICT)), [], []) is None


@pytest.mark.parametrize("relays", [["mx.desk.example"], []])
def test_what_the_sender_wrote_below_is_not_believed(relays: list[str]) -> None:
    forged = headers(("Received", OURS), ("Received", THEIRS), ("Authentication-Results", VERDICT))
    assert read(forged, ["mx.desk.example"], relays) is None


def test_the_topmost_word_on_a_method_holds() -> None:
    told = read(
        headers(
            ("Authentication-Results", "mx.desk.example; dmarc=fail header.from=acme.example"),
            ("Authentication-Results", "mx.desk.example; spf=softfail smtp.mailfrom=acme.example"),
            ("Authentication-Results", VERDICT),
        ),
        ["MX.desk.example"],
        [],
    )
    assert told is not None
    assert (told.spf, told.dkim, told.dmarc) == ("softfail", "pass", "fail")
    assert told.proofs.spf_domain == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mx.desk.example; none", ("", "", "")),
        ("mx.desk.example 1; spf=hardfail smtp.helo=x.example", ("fail", "", "")),
        ("mx.desk.example; spf=temperror smtp.mailfrom=a@b.example", ("unknown", "", "")),
        (
            "mx.desk.example; dkim=fail (bad) header.d=a.example; dkim=pass header.i=@b.example",
            ("", "pass", ""),
        ),
        ("mx.desk.example; spf=weird smtp.mailfrom=a@b.example", ("unknown", "", "")),
    ],
)
def test_words_of_the_standard(value: str, expected: tuple[str, str, str]) -> None:
    told = read(headers(("Authentication-Results", value)), ["mx.desk.example"], [])
    assert told is not None
    assert (told.spf, told.dkim, told.dmarc) == expected


@pytest.mark.parametrize(
    "value", ["", ";", "mx.desk.example", "(" * 900, "mx.desk.example; spf", "mx.desk.example; =" * 300]
)
def test_what_cannot_be_read_says_nothing(value: str) -> None:
    assert read(headers(("Authentication-Results", value)), ["mx.desk.example"], []) is None


def test_who_brought_it_is_who_called_our_relay() -> None:
    found = client(
        headers(("Return-Path", "<carl@acme.example>"), ("Received", OURS), ("Received", THEIRS)),
        ["mx.desk.example"],
    )
    assert found == Client("192.0.2.7", "mx.acme.example", "carl@acme.example")


def test_inner_relays_are_stepped_over() -> None:
    inner = "from mx.desk.example (mx.desk.example [10.0.0.5]) by store.desk.example with LMTP; Mon, 5 Jan 2026 09:00:00 +0000"
    found = client(
        headers(("Received", inner), ("Received", OURS)),
        ["mx.desk.example", "store.desk.example", "10.0.0.0/8"],
    )
    assert found == Client("192.0.2.7", "mx.acme.example", "")


def test_a_stranger_who_writes_our_name_is_nobody() -> None:
    assert client(headers(("Received", THEIRS), ("Received", OURS)), ["mx.desk.example"]) is None
    assert client(headers(("Received", OURS)), []) is None


def test_our_own_door_saw_it_itself() -> None:
    seen = {"ip": "192.0.2.7", "helo": "mx.acme.example", "sender": "carl@acme.example"}
    assert client(headers(("Received", THEIRS)), [], seen) == Client(
        "192.0.2.7", "mx.acme.example", "carl@acme.example"
    )
    assert client(headers(), [], {"ip": "no address"}) is None


def test_a_relay_at_our_door_speaks_of_who_came_to_it() -> None:
    relay = {"ip": "10.0.0.5", "helo": "mx.desk.example", "sender": "carl@acme.example"}
    known = ["mx.desk.example", "10.0.0.5"]
    found = client(headers(("Return-Path", "<carl@acme.example>"), ("Received", OURS)), known, relay)
    assert found == Client("192.0.2.7", "mx.acme.example", "carl@acme.example")
    assert client(headers(("Received", THEIRS)), known, relay) is None


@pytest.mark.parametrize(
    ("value", "ip"),
    [
        ("from a.example ([IPv6:2001:db8::7]) by mx.desk.example", "2001:db8::7"),
        ("from [192.0.2.9] by mx.desk.example", "192.0.2.9"),
        ("from a.example (192.0.2.8) by mx.desk.example", "192.0.2.8"),
        ("from a.example (a.example. [192.0.2.8]) by [mx.desk.example] (8.17)", "192.0.2.8"),
    ],
)
def test_how_relays_write_who_came(value: str, ip: str) -> None:
    found = client(headers(("Received", value)), ["mx.desk.example"])
    assert found is not None
    assert found.ip == ip


@pytest.mark.parametrize(
    "value",
    ["", "by mx.desk.example", "from x by mx.desk.example", "from x ([999.1.1.1]) by mx.desk.example"],
)
def test_a_received_without_an_address_tells_nobody(value: str) -> None:
    assert client(headers(("Received", value)), ["mx.desk.example"]) is None
