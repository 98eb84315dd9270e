"""Verdicts worked out here, against zones that the test hands in."""

import base64

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from helpline.core.clock import SetClock
from helpline.mail.models import Mailbox, MailboxKind
from helpline.mail.parsing.parse import parse
from helpline.mail.tests.factories import arrive, mail
from helpline.mail.tests.zones import Zones, txt, use
from helpline.mail.trust import computed, door
from helpline.mail.trust.hops import Client
from helpline.mail.trust.judge import Trusted, judge
from helpline.mail.trust.verdicts import Proofs, Trust, aligned, dmarc, organisation, tags_of

KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
ACME = {
    ("acme.example", "TXT"): [txt("v=spf1 ip4:192.0.2.0/24 -all")],
    ("k1._domainkey.acme.example", "TXT"): [txt(f"v=DKIM1; k=rsa; p={PUBLIC}")],
    ("_dmarc.acme.example", "TXT"): [txt("v=DMARC1; p=reject")],
}
SEEN = {"ip": "192.0.2.7", "helo": "mx.acme.example", "sender": "carl@acme.example"}
FORGED = {"ip": "198.51.100.9", "helo": "evil.example", "sender": "carl@acme.example"}


def signed(raw: bytes, domain: str = "acme.example") -> bytes:
    return dkim.sign(raw, b"k1", domain.encode(), PRIVATE, include_headers=[b"from", b"subject"]) + raw


def judged(raw: bytes, envelope: dict[str, str] | None = None) -> Trust:
    return judge(parse(raw), lambda: raw, Trusted(), envelope)


def test_carls_own_server_and_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Zones(ACME))
    assert judged(signed(mail()), SEEN) == Trust("pass", "pass", "pass", "computed", "acme.example")


def test_a_forger_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Zones(ACME))
    assert judged(mail(), FORGED) == Trust("fail", "none", "fail", "computed", "acme.example")


def test_a_changed_mail_has_a_signature_that_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Zones(ACME))
    changed = signed(mail()).replace(b"on fire", b"in flames")
    assert judged(changed, FORGED).dkim == "fail"
    # forwarded as it is: SPF fails, the signature carries it
    assert judged(signed(mail()), FORGED) == Trust("fail", "pass", "pass", "computed", "acme.example")


def test_another_domains_proof_does_not_stand_for_from(monkeypatch: pytest.MonkeyPatch) -> None:
    others = {
        ("evil.example", "TXT"): [txt("v=spf1 ip4:198.51.100.9 -all")],
        ("k1._domainkey.evil.example", "TXT"): ACME[("k1._domainkey.acme.example", "TXT")],
    }
    use(monkeypatch, Zones(ACME | others))
    found = judged(signed(mail(), "evil.example"), FORGED | {"sender": "x@evil.example"})
    assert found == Trust("pass", "pass", "fail", "computed", "acme.example")


def test_who_brought_it_is_not_known_so_nothing_speaks_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Zones(ACME))
    assert judged(mail()) == Trust("none", "none", "unknown", "computed", "acme.example")


def test_a_domain_without_records(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Zones({}))
    assert judged(mail(), SEEN) == Trust("none", "none", "none", "computed", "acme.example")


def test_dns_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    zones = use(monkeypatch, Zones(ACME, away=frozenset("*")))
    assert judged(signed(mail()), SEEN) == Trust("unknown", "unknown", "unknown", "computed", "acme.example")
    asked = len(zones.asked)
    assert asked == 1, "one question that nobody answers is enough"
    judged(signed(mail()), SEEN)
    assert len(zones.asked) == asked, "then it is left in peace"
    door.rest.clear()
    zones.away = frozenset()
    assert judged(signed(mail()), SEEN).dmarc == "pass"


def test_only_the_key_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Zones(ACME, away=frozenset({"k1._domainkey.acme.example"})))
    found = judged(signed(mail()), FORGED)
    assert (found.spf, found.dkim, found.dmarc) == ("fail", "unknown", "unknown")


def test_the_patience_is_for_all_questions_together(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Zones(ACME))
    with pytest.raises(door.Away):
        door.Door(seconds=0).ask("acme.example", "TXT")


@pytest.mark.parametrize(
    ("record", "ip", "expected"),
    [
        ("v=spf1 a:host.acme.example -all", "192.0.2.20", "pass"),
        ("v=spf1 mx -all", "192.0.2.21", "pass"),
        ("v=spf1 include:send.example -all", "192.0.2.22", "pass"),
        ("v=spf1 ~all", "192.0.2.23", "softfail"),
        ("v=spf1 ?all", "192.0.2.23", "neutral"),
        ("v=spf1 ip4:nonsense -all", "192.0.2.23", "neutral"),
        ("v=spf1 a:1.gone.example a:2.gone.example a:3.gone.example -all", "192.0.2.23", "neutral"),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::7", "pass"),
    ],
)
def test_spf_as_the_standard_says(
    monkeypatch: pytest.MonkeyPatch, record: str, ip: str, expected: str
) -> None:
    zones = {
        ("acme.example", "TXT"): [txt("google-site-verification=x"), txt(record)],
        ("acme.example", "MX"): ["10 in.acme.example."],
        ("in.acme.example", "A"): ["192.0.2.21"],
        ("host.acme.example", "A"): ["192.0.2.20"],
        ("send.example", "TXT"): [txt("v=spf1 ip4:192.0.2.22 -all")],
    }
    use(monkeypatch, Zones(zones))
    assert computed.spf_of(Client(ip, "mx", "carl@acme.example"), door.Door()) == (expected, "acme.example")


def test_the_record_of_the_organisation_holds_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Zones(ACME))
    assert judged(mail(sender="x@mail.acme.example"), FORGED).dmarc == "fail"


def test_alignment() -> None:
    assert organisation("a.b.acme.co.uk") == "acme.co.uk"
    assert aligned("mail.acme.example", "acme.example")
    assert not aligned("mail.acme.example", "acme.example", strict=True)
    assert not aligned("", "")
    assert not aligned("acme.co.uk", "evil.co.uk")
    strict = {"v": "dmarc1", "aspf": "s", "adkim": "r"}
    assert dmarc("acme.example", Proofs("m.acme.example", ()), lambda _domain: strict) == "fail"
    assert (
        dmarc("acme.example", Proofs("m.acme.example", ("d.acme.example",)), lambda _domain: strict) == "pass"
    )
    assert tags_of("v=DMARC1; p = Reject ;") == {"v": "dmarc1", "p": "reject"}
    assert tags_of("v=spf1 -all") is None
    assert tags_of("") is None


def test_it_is_kept_with_the_ledger(
    support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    support.authserv_ids = ["mx.desk.example"]
    support.save()
    verdict = (
        "mx.desk.example; spf=pass smtp.mailfrom=acme.example; dkim=none; dmarc=pass header.from=acme.example"
    )
    row = arrive(support, mail(Authentication_Results=verdict), clock)
    assert row.trust == {
        "spf": "pass",
        "dkim": "none",
        "dmarc": "pass",
        "source": "header",
        "domain": "acme.example",
    }


def test_files_are_not_asked_about(support: Mailbox, clock: SetClock, no_dns: Zones) -> None:
    row = arrive(support, signed(mail()), clock)
    assert row.trust["source"] == ""
    assert no_dns.asked == []


def test_dns_gone_and_the_mail_is_filed(support: Mailbox, clock: SetClock, no_dns: Zones) -> None:
    Mailbox.objects.update(kind=MailboxKind.IMAP)
    row = arrive(Mailbox.objects.get(), signed(mail()), clock)
    assert row.verdict == "ticket"
    assert row.trust["dmarc"] == "unknown"
    assert no_dns.asked


def test_a_library_that_stumbles_keeps_no_mail_from_being_filed(
    support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_args: object) -> None:
        raise IndexError("list index out of range")

    Mailbox.objects.update(kind=MailboxKind.IMAP)
    monkeypatch.setattr(computed, "dkim_of", stumble)
    row = arrive(Mailbox.objects.get(), signed(mail()), clock)
    assert (row.verdict, row.trust["spf"]) == ("ticket", "unknown")


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"v=1",
        b"v=1; a=rsa-sha256; d=; s=; h=; bh=; b=",
        b"\xff\xfe",
        b"v=1; a=rsa-sha256; c=a/b; d=x; s=k1; h=from; bh=x; b=y",
    ],
)
def test_a_signature_that_is_none(monkeypatch: pytest.MonkeyPatch, header: bytes) -> None:
    use(monkeypatch, Zones(ACME))
    found = judged(b"DKIM-Signature: " + header + b"\r\n" + mail())
    assert found.dkim in ("fail", "unknown")
