"""The page of an address: what DNS says in plain words, and the settings of trust."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.mail import actions
from helpline.mail.address import words
from helpline.mail.address.actions import OVERDUE, do_check
from helpline.mail.address.checks import ABOUT, Subject, check
from helpline.mail.models import AddressCheck, CheckState, Mailbox
from helpline.mail.tests.test_trust_computed import PUBLIC
from helpline.mail.tests.zones import Zones, txt, use
from helpline.mail.trust.actions import TrustSettings
from helpline.people.tests.factories import DeskFactory, UserFactory, actor
from helpline.people.tests.permissions import wrongs

ADDRESS = "support@desk.example"
GOOD = {
    ("desk.example", "MX"): ["10 mx.desk.example."],
    ("mx.desk.example", "A"): ["192.0.2.1"],
    ("desk.example", "TXT"): [txt("v=spf1 a:out.desk.example -all")],
    ("out.desk.example", "A"): ["192.0.2.2"],
    ("k1._domainkey.desk.example", "TXT"): [txt(f"v=DKIM1; k=rsa; p={PUBLIC}")],
    ("_dmarc.desk.example", "TXT"): [txt("v=DMARC1; p=reject; rua=mailto:dmarc@desk.example")],
}
SUBJECT = Subject(ADDRESS, "", ["k1"], "out.desk.example")


def found(
    monkeypatch: pytest.MonkeyPatch, records: dict[tuple[str, str], list[str]], subject: Subject = SUBJECT
) -> dict[str, str]:
    use(monkeypatch, Zones(records))
    findings = list(check(subject))
    for one in findings:
        line = words.line(one.as_json())
        assert "%(" not in line.text + line.advice
        assert bool(line.advice) == (one.grade != "good"), one
    return {one.about: one.code for one in findings}


def test_an_address_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, GOOD) == {
        "domain": "domain_there",
        "mx": "mx_there",
        "spf": "spf_there",
        "sender": "sender_named",
        "dkim": "dkim_short",
        "dmarc": "dmarc_there",
        "alignment": "aligned_spf",
        "return_path": "return_there",
    }


@pytest.mark.parametrize(
    ("about", "code", "name", "kind", "records"),
    [
        ("mx", "mx_missing", "desk.example", "MX", []),
        ("mx", "mx_null", "desk.example", "MX", ["0 ."]),
        ("mx", "mx_dead", "mx.desk.example", "A", []),
        ("spf", "spf_missing", "desk.example", "TXT", [txt("hello")]),
        ("spf", "spf_broken", "desk.example", "TXT", [txt("v=spf1 ip4:nonsense -all")]),
        ("spf", "spf_broken", "desk.example", "TXT", [txt("v=spf1 -all"), txt("v=spf1 +all")]),
        ("spf", "spf_everybody", "desk.example", "TXT", [txt("v=spf1 +all")]),
        ("spf", "spf_open", "desk.example", "TXT", [txt("v=spf1 a:out.desk.example")]),
        ("sender", "sender_not_named", "desk.example", "TXT", [txt("v=spf1 ip4:198.51.100.1 -all")]),
        ("sender", "sender_missing", "out.desk.example", "A", []),
        ("dkim", "dkim_missing", "k1._domainkey.desk.example", "TXT", []),
        ("dkim", "dkim_broken", "k1._domainkey.desk.example", "TXT", [txt("v=DKIM1; p=nonsense")]),
        ("dmarc", "dmarc_missing", "_dmarc.desk.example", "TXT", []),
        ("dmarc", "dmarc_watch", "_dmarc.desk.example", "TXT", [txt("v=DMARC1; p=none")]),
        ("dmarc", "dmarc_broken", "_dmarc.desk.example", "TXT", [txt("v=DMARC1; p=perhaps")]),
    ],
)
def test_what_to_change(
    monkeypatch: pytest.MonkeyPatch, about: str, code: str, name: str, kind: str, records: list[str]
) -> None:
    zones = {key: texts for key, texts in GOOD.items() if key != (name, kind)}
    if records:
        zones[(name, kind)] = records
    assert found(monkeypatch, zones)[about] == code


def test_a_domain_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, {("other.test", "A"): ["192.0.2.1"]})["domain"] == "domain_missing"


def test_errors_that_go_back_to_another_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = {
        ("bounce.example", "MX"): ["10 mx.desk.example."],
        ("bounce.example", "TXT"): [txt("v=spf1 -all")],
    }
    other = Subject(ADDRESS, "x@bounce.example", [], "")
    told = found(monkeypatch, GOOD | elsewhere, other)
    assert (told["alignment"], told["return_path"]) == ("not_aligned", "return_there")
    signed = Subject(ADDRESS, "x@bounce.example", ["k1"], "")
    assert found(monkeypatch, GOOD | elsewhere, signed)["alignment"] == "aligned_dkim"
    assert found(monkeypatch, GOOD, other)["return_path"] == "return_dead"


def test_dns_is_gone(no_dns: Zones) -> None:
    findings = list(check(SUBJECT))
    assert {one.about for one in findings} == set(ABOUT)
    known = {one.about for one in findings if one.grade != "unknown"}
    assert known == {"alignment"}, "whether two domains are one needs no DNS"


def test_it_is_checked_by_the_worker_one_finding_after_another(
    support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Zones(GOOD))
    made = actions.check_address(actor("lena", Role.LEAD), support, clock=clock)
    assert AddressCheck.objects.get().state == CheckState.QUEUED
    with pytest.raises(Conflict, match="checked now"):
        actions.check_address(actor("dora", Role.DESK_ADMIN), support, clock=clock)
    assert do_check(made.pk, clock) == len(ABOUT)
    row = AddressCheck.objects.get()
    assert (row.state, row.finished_at, len(row.findings)) == (CheckState.DONE, clock.now(), len(ABOUT))
    assert do_check(made.pk, clock) == 0, "a second worker finds it done"


def test_one_that_was_broken_off_can_be_asked_again(support: Mailbox, clock: SetClock) -> None:
    lena = actor("lena", Role.LEAD)
    actions.check_address(lena, support, clock=clock)
    clock.advance(OVERDUE.total_seconds() + 1)
    actions.check_address(lena, support, clock=clock)
    assert AddressCheck.objects.count() == 2


@pytest.fixture
def dora(db: None) -> Client:
    client = Client()
    client.force_login(UserFactory(username="dora", roles=[(DeskFactory(), Role.DESK_ADMIN)]))
    return client


def test_the_page(support: Mailbox, dora: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Zones({key: texts for key, texts in GOOD.items() if key[0] != "_dmarc.desk.example"}))
    path = f"/mail/boxes/{support.name}/address/"
    assert "Not checked yet" in dora.get(path).content.decode()
    assert dora.post(f"/mail/boxes/{support.name}/check/")["Location"] == path
    assert "Being checked" in dora.get(path).content.decode()
    assert dora.post(f"/mail/boxes/{support.name}/check/").status_code == 409
    do_check(AddressCheck.objects.get().pk, SetClock())
    page = dora.get(f"{path}?part=check").content.decode()
    assert "desk.example has no DMARC record." in page
    assert "_dmarc.desk.example" in page
    assert "mx.desk.example takes the mail." in page


def test_settings_hold_for_the_next_message(support: Mailbox, dora: Client) -> None:
    given = {
        "authserv_ids": "MX.desk.example, mx.desk.example",
        "relays": "10.0.0.0/8 mx.desk.example",
        "asks_dns": "on",
        "junk_from": "7.5",
        "scanner": "rspamd",
        "scanner_url": "http://127.0.0.1:11333",
        "dkim_selectors": "k1,k2",
    }
    assert dora.post("/mail/boxes/support/trust/", given).status_code == 302
    support.refresh_from_db()
    assert (support.authserv_ids, support.relays) == (["mx.desk.example"], ["10.0.0.0/8", "mx.desk.example"])
    assert (support.junk_from, support.dkim_selectors, support.scanner) == (7.5, ["k1", "k2"], "rspamd")
    assert dora.post("/mail/boxes/support/trust/", given | {"scanner_url": ""}).status_code == 422
    assert dora.post("/mail/boxes/support/trust/", given | {"junk_from": "many"}).status_code == 422
    assert b"10.0.0.0/8, mx.desk.example" in dora.get("/mail/boxes/support/address/").content


@pytest.mark.parametrize(
    "given",
    [
        TrustSettings(junk_from=0),
        TrustSettings(scanner="magic", scanner_url="127.0.0.1:1"),
        TrustSettings(scanner="rspamd", scanner_url="http://[oops"),
        TrustSettings(relays=["two words"]),
    ],
)
def test_settings_that_cannot_be(support: Mailbox, given: TrustSettings) -> None:
    with pytest.raises(Invalid):
        actions.set_trust(actor("dora", Role.DESK_ADMIN), support, given)


TESTERS = {Role.LEAD, Role.DESK_ADMIN}
TABLE = [
    ("get", "/mail/boxes/support/address/", TESTERS),
    ("post", "/mail/boxes/support/trust/", {Role.DESK_ADMIN}),
]


@pytest.mark.parametrize(("method", "path", "allowed"), TABLE)
def test_table(support: Mailbox, method: str, path: str, allowed: set[Role]) -> None:
    assert wrongs(path, method, allowed, support.desk) == []


@pytest.mark.parametrize("what", ["check", "round-trip"])
@pytest.mark.parametrize("role", list(Role))
def test_who_may_try_an_address(support: Mailbox, what: str, role: Role) -> None:
    client = Client()
    client.force_login(UserFactory(roles=[(support.desk, role)]))
    answer = client.post(f"/mail/boxes/support/{what}/")
    if what == "check":
        assert answer.status_code == (302 if role in TESTERS else 403)
        return
    assert (answer.status_code == 403) == (role not in TESTERS)


@pytest.mark.parametrize("what", ["address", "trust", "check", "round-trip"])
def test_nothing_of_another_desk(support: Mailbox, what: str) -> None:
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(key="globex"), role) for role in Role]))
    method = client.get if what == "address" else client.post
    assert method(f"/mail/boxes/support/{what}/").status_code == 404


@pytest.mark.parametrize("role", sorted(set(Role) - TESTERS))
def test_who_may_not(support: Mailbox, role: Role) -> None:
    with pytest.raises(NotAllowed):
        actions.check_address(actor("someone", role), support)
    with pytest.raises(NotAllowed):
        actions.start_round_trip(actor("other", role), support)
