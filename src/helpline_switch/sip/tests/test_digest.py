"""Passwords are proven without being sent."""

from __future__ import annotations

from hashlib import md5

import pytest

from helpline_switch.sip.accounts import Account, Accounts
from helpline_switch.sip.digest import Guard, Nonces, Proof, Verdict, parse_digest
from helpline_switch.sip.events import Contact
from helpline_switch.sip.limits import RateLimit
from helpline_switch.sip.location import LocationStore, OutOfOrder, TooMany


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def h(text):
    return md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def guard(clock):
    accounts = Accounts("helpline", lambda name: None)
    accounts.put(Account("ada", h("ada:helpline:secret"), "helpline"))
    return Guard(accounts, "helpline", Nonces(60, clock))


def proof(guard, *, user="ada", password="secret", method="INVITE", nc="00000001", nonce=None, **change):
    nonce = nonce or parse_digest(guard.challenge(stale=False))["nonce"]
    given = {"username": user, "realm": "helpline", "nonce": nonce, "uri": "sip:x", "cnonce": "c", "nc": nc}
    given |= {"qop": "auth", "algorithm": "MD5"}
    ha1, ha2 = h(f"{user}:helpline:{password}"), h(f"{method}:sip:x")
    given["response"] = h(f"{ha1}:{nonce}:{nc}:c:auth:{ha2}")
    given |= change
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in given.items() if value)


def test_a_right_password(guard):
    assert guard.check("INVITE", proof(guard)) == Verdict(Proof.GOOD, "ada")


@pytest.mark.parametrize(
    "change",
    [
        {"password": "wrong"},
        {"user": "eve"},
        {"method": "REGISTER"},
        {"realm": "other"},
        {"qop": ""},
        {"qop": "auth-int"},
        {"algorithm": "SHA-256"},
        {"nc": "1"},
        {"cnonce": ""},
        {"response": "é"},
    ],
)
def test_a_wrong_proof(guard, change):
    assert guard.check("INVITE", proof(guard, **change)) == Verdict(Proof.WRONG)


def test_nonces_age_and_cannot_be_made_up(guard, clock):
    header = proof(guard)
    clock.now += 61
    assert guard.check("INVITE", header).proof is Proof.STALE
    assert guard.check("INVITE", proof(guard, nonce="3e8-0011223344556677-" + "0" * 32)).proof is Proof.STALE
    assert guard.check("INVITE", None).proof is Proof.MISSING
    assert guard.check("INVITE", "Basic abc").proof is Proof.MISSING


def test_counts_must_rise(guard):
    nonce = parse_digest(guard.challenge(stale=False))["nonce"]
    assert guard.check("INVITE", proof(guard, nonce=nonce)).proof is Proof.GOOD
    assert guard.check("INVITE", proof(guard, nonce=nonce)).proof is Proof.STALE
    assert guard.check("INVITE", proof(guard, nonce=nonce, nc="0000000a")).proof is Proof.GOOD
    assert guard.check("INVITE", proof(guard, nonce=nonce, nc="00000002")).proof is Proof.STALE


def test_quoted_values_with_commas_and_quotes():
    assert parse_digest(r'Digest a="x, y=\"1\"" ,b=2') == {"a": 'x, y="1"', "b": "2"}
    assert parse_digest('Digest a="1", a="2"') == {}
    assert parse_digest('Digest a="1') == {}


@pytest.mark.parametrize(
    ("name", "ha1", "realm"),
    [
        ("ada", "short", "helpline"),
        ("", "0" * 32, "helpline"),
        ("a b", "0" * 32, "helpline"),
        ("a", "0" * 32, "x"),
    ],
)
def test_accounts_that_could_never_log_in(name, ha1, realm):
    with pytest.raises(ValueError):  # noqa: PT011 - the three messages differ
        Accounts("helpline", lambda _name: None).put(Account(name, ha1, realm))


def test_the_password_hash_is_not_shown():
    assert "0" * 32 not in repr(Account("ada", "0" * 32, "helpline"))


def contact(uri="sip:ada@h:1", *, expires=10.0, flow="", cseq=1, call_id="c"):
    return Contact(uri, "udp", flow, expires, "", False, ("10.0.0.1", 5060), call_id, cseq)


def test_the_newest_contact_comes_first_and_old_requests_are_refused():
    store = LocationStore(2)
    assert len(store.put("ada", contact())) == 1
    assert len(store.put("ada", contact("sip:ada@h:2"))) == 1
    assert store.put("ada", contact(cseq=2)) == []
    assert [each.uri for each in store.contacts("ada")] == ["sip:ada@h:1", "sip:ada@h:2"]
    with pytest.raises(OutOfOrder):
        store.put("ada", contact(cseq=2))
    with pytest.raises(OutOfOrder):
        store.remove("ada", "sip:ada@H:1;x=y", "c", 2)
    with pytest.raises(TooMany):
        store.put("ada", contact("sip:ada@h:3"))
    assert len(store.remove("ada", None, "c", 9)) == 2
    assert store.count() == 0


def test_contacts_run_out_and_go_with_their_flow():
    store = LocationStore(5)
    store.put("ada", contact(expires=10))
    store.put("ben", contact("sip:ben@h", expires=20, flow="tcp-1"))
    assert [change.why for change in store.expire(10)] == ["expired"]
    assert store.owner(contact("sip:ben@h", flow="tcp-1")) == "ben"
    assert [change.why for change in store.drop_flow("tcp-1")] == ["flow lost"]
    assert store.count() == 0


def test_a_bucket_fills_again(clock):
    limit = RateLimit(1, clock)
    assert [limit.allows("a") for _ in range(6)] == [True] * 5 + [False]
    assert limit.allows("b")
    clock.now += 1
    assert limit.allows("a")
    assert not limit.allows("a")
    assert all(RateLimit(0, clock).allows("a") for _ in range(100))
