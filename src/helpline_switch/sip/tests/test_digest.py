"""Passwords are proven without being sent."""

from __future__ import annotations

from hashlib import new

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


def h(text, algorithm="MD5"):
    return new("sha256" if algorithm.startswith("SHA") else "md5", text.encode()).hexdigest()


def account(name="ada", password="secret", algorithms=("MD5",)):
    said = f"{name}:helpline:{password}"
    return Account(name, h(said), "helpline", h(said, "SHA-256"), algorithms)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def accounts():
    found = Accounts("helpline", lambda name: None)
    found.put(account())
    return found


@pytest.fixture
def guard(accounts, clock):
    return Guard(accounts, "helpline", Nonces(60, clock))


def nonce_of(guard, place=""):
    return parse_digest(guard.challenges("ada", stale=False, place=place)[0])["nonce"]


def proof(
    guard,
    *,
    user="ada",
    password="secret",
    method="INVITE",
    nc="00000001",
    nonce=None,
    algorithm="MD5",
    **change,
):
    nonce = nonce or nonce_of(guard)
    given = {"username": user, "realm": "helpline", "nonce": nonce, "uri": "sip:x", "cnonce": "c", "nc": nc}
    given |= {"qop": "auth", "algorithm": algorithm}
    ha1, ha2 = h(f"{user}:helpline:{password}", algorithm), h(f"{method}:sip:x", algorithm)
    given["response"] = h(f"{ha1}:{nonce}:{nc}:c:auth:{ha2}", algorithm)
    given |= change
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in given.items() if value)


def test_a_right_password(guard):
    assert guard.check("INVITE", proof(guard)) == Verdict(Proof.GOOD, "ada")


def test_a_challenge_per_algorithm_the_strongest_first(accounts, guard):
    accounts.put(account(algorithms=("SHA-256", "MD5")))
    said = [parse_digest(value) for value in guard.challenges("ada", stale=True)]
    assert [each["algorithm"] for each in said] == ["SHA-256", "MD5"]
    assert said[0]["nonce"] == said[1]["nonce"]
    assert said[0]["stale"] == "true"
    plain = guard.challenges("ada", stale=False, plain=True)
    assert [parse_digest(value)["algorithm"] for value in plain] == ["MD5"]
    for algorithm in ("SHA-256", "MD5"):
        assert guard.check("INVITE", proof(guard, algorithm=algorithm)).proof is Proof.GOOD
        wrong = proof(guard, algorithm=algorithm, password="wrong")
        assert guard.check("INVITE", wrong).proof is Proof.WRONG


def test_an_algorithm_that_was_not_offered_proves_nothing(guard):
    assert guard.check("INVITE", proof(guard, algorithm="SHA-256")).proof is Proof.WRONG


def test_a_made_up_name_is_challenged_like_an_account(accounts, guard):
    for number in range(20):
        accounts.put(account(f"agent{number}", algorithms=("SHA-256", "MD5") if number % 2 else ("MD5",)))
    shapes = set()
    for number in range(40):
        first, again = (len(guard.challenges(f"nobody{number}", stale=False)) for _ in range(2))
        assert first == again
        shapes.add(first)
    assert shapes == {1, 2}


def test_a_challenge_answered_from_elsewhere_is_no_guess(guard):
    header = proof(guard, nonce=nonce_of(guard, "udp:192.0.2.1:5060"), password="wrong")
    assert guard.check("INVITE", header, "udp:192.0.2.1:5060").proof is Proof.WRONG
    assert guard.check("INVITE", header, "udp:192.0.2.66:5060").proof is Proof.STALE


@pytest.mark.parametrize(
    "change",
    [
        {"password": "wrong"},
        {"method": "REGISTER"},
        {"realm": "other"},
        {"qop": ""},
        {"qop": "auth-int"},
        {"algorithm": "SHA-512-256"},
        {"nc": "1"},
        {"cnonce": ""},
        {"response": "é"},
    ],
)
def test_a_wrong_proof(guard, change):
    assert guard.check("INVITE", proof(guard, **change)) == Verdict(Proof.WRONG, "ada")


def test_an_unknown_name_is_a_wrong_proof(guard):
    assert guard.check("INVITE", proof(guard, user="eve")) == Verdict(Proof.WRONG, "eve")


def test_nonces_age_and_cannot_be_made_up(guard, clock):
    header = proof(guard)
    clock.now += 61
    assert guard.check("INVITE", header).proof is Proof.STALE
    assert guard.check("INVITE", proof(guard, nonce="3e8-0011223344556677-" + "0" * 32)).proof is Proof.STALE
    assert guard.check("INVITE", None).proof is Proof.MISSING
    assert guard.check("INVITE", "Basic abc").proof is Proof.MISSING


def test_counts_must_rise(guard):
    nonce = nonce_of(guard)
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


@pytest.mark.parametrize(
    "change",
    [
        {"algorithms": ()},
        {"algorithms": ("SHA-1",)},
        {"algorithms": ("SHA-256",)},
        {"ha1_sha256": "0" * 32},
        {"ha1_md5": "", "algorithms": ("MD5",)},
    ],
)
def test_algorithms_need_their_digests(change):
    with pytest.raises(ValueError):  # noqa: PT011 - the messages differ
        Account(**{"username": "ada", "ha1_md5": "0" * 32, "realm": "helpline"} | change)


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
