"""Permission at a provider: asked for once, renewed by itself, and ended in words people understand."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.mail.mailboxes import actions, oauth
from helpline.mail.mailboxes.actions import MailboxFacts
from helpline.mail.mailboxes.connection import Connection, Secrets, SignIn
from helpline.mail.mailboxes.troubles import Code, SourceTrouble
from helpline.mail.models import Mailbox, MailboxKind
from helpline.mail.sources.accounts import account_of
from helpline.mail.tests.providers import Provider, provider
from helpline.people.models import User
from helpline.people.tests.factories import DeskFactory, person

IMAP = MailboxKind.IMAP


@pytest.fixture
def giver():
    with provider() as told:
        told.answers = [(200, {"access_token": "a1", "expires_in": 3600})]
        yield told


def facts(giver: Provider, **more: str) -> Connection:
    told = {
        "host": "imap.example",
        "user": "support@desk.example",
        "sign_in": SignIn.OAUTH,
        "client_id": "desk",
    }
    return Connection(
        **told | {"token_url": f"{giver.url}/token", "authorize_url": f"{giver.url}/ask"} | more
    )


def test_a_refresh_token_becomes_an_access_token(giver: Provider, clock: SetClock) -> None:
    secrets = Secrets(client_secret="client-secret", refresh_token="r1")
    granted = oauth.refresh(facts(giver), IMAP, secrets, clock)
    assert (granted.access_token, granted.expires_at - clock.now()) == ("a1", timedelta(hours=1))
    told = {"grant_type": "refresh_token", "refresh_token": "r1", "client_id": "desk"}
    assert giver.asked == [told | {"client_secret": "client-secret"}]


def test_a_token_is_used_until_shortly_before_its_end(giver: Provider, clock: SetClock) -> None:
    tokens, secrets = oauth.AccessTokens(), Secrets(refresh_token="r2")
    for seconds in (0, 3000):
        clock.advance(seconds)
        assert tokens.get(facts(giver), IMAP, secrets, clock).access_token == "a1"
    assert len(giver.asked) == 1
    clock.advance(570)
    tokens.get(facts(giver), IMAP, secrets, clock)
    assert len(giver.asked) == 2
    tokens.forget(secrets)
    tokens.get(facts(giver), IMAP, secrets, clock)
    assert len(giver.asked) == 3


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (400, {"error": "invalid_grant", "error_description": "expired or revoked"}, Code.TOKEN),
        (401, {"error": "invalid_client"}, Code.TOKEN),
        (503, {}, Code.LOST),
        (200, {"token_type": "Bearer"}, Code.TOKEN),
    ],
)
def test_what_a_provider_refuses(
    giver: Provider, clock: SetClock, status: int, answer: dict[str, str], code: Code
) -> None:
    giver.answers = [(status, answer)]
    with pytest.raises(SourceTrouble) as refused:
        oauth.refresh(facts(giver), IMAP, Secrets(refresh_token="r3"), clock)
    assert refused.value.code == code
    assert "r3" not in str(refused.value)


def test_a_provider_that_is_away_is_asked_again(clock: SetClock) -> None:
    with provider() as gone:
        told = facts(gone)
    with pytest.raises(SourceTrouble) as refused:
        oauth.refresh(told, IMAP, Secrets(refresh_token="r"), clock)
    assert (refused.value.code, refused.value.lasting) == (Code.LOST, False)


def test_microsoft_and_google_are_known() -> None:
    microsoft = oauth.provider_of(Connection(sign_in=SignIn.MICROSOFT, tenant="acme.example"), IMAP)
    assert microsoft.token_url == "https://login.microsoftonline.com/acme.example/oauth2/v2.0/token"
    assert "IMAP.AccessAsUser.All" in microsoft.scope
    assert "offline_access" in microsoft.scope
    assert "POP.AccessAsUser.All" in oauth.provider_of(Connection(sign_in=SignIn.MICROSOFT), "pop3").scope
    google = oauth.provider_of(Connection(sign_in=SignIn.GOOGLE), IMAP)
    assert google.scope == "https://mail.google.com/"
    assert google.more["access_type"] == "offline"


@pytest.fixture
def box(giver: Provider, support: Mailbox, clock: SetClock) -> Mailbox:
    """A mailbox that signs in with OAuth 2."""
    told = MailboxFacts("sales", "sales@desk.example", IMAP, "en", facts(giver), Secrets(refresh_token="r4"))
    return actions.save_mailbox(SYSTEM, support.desk, told, clock=clock)


def test_a_renewed_refresh_token_is_kept_sealed(giver: Provider, box: Mailbox, clock: SetClock) -> None:
    answer = {
        "access_token": "a2",
        "expires_in": "3599",
        "refresh_token": "renewed-token-5",
        "refresh_token_expires_in": 604800,
    }
    giver.answers = [(200, answer)]
    assert account_of(box, clock).token() == "a2"
    box.refresh_from_db()
    assert Secrets.of(box.secret).refresh_token == "renewed-token-5"
    assert "renewed-token-5" not in box.secret
    assert box.token_expires_at == clock.now() + timedelta(days=7)


@pytest.fixture
def lena(box: Mailbox) -> User:
    return person("lena", Role.DESK_ADMIN, desk=box.desk)


def test_lena_connects_a_mailbox(giver: Provider, box: Mailbox, lena: User) -> None:
    browser = Client()
    browser.force_login(lena)
    away = browser.post("/mail/boxes/sales/connect/")
    url = urlsplit(away["Location"])
    asked = {key: value[0] for key, value in parse_qs(url.query).items()}
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{giver.url}/ask"
    assert (asked["response_type"], asked["login_hint"]) == ("code", "support@desk.example")
    assert asked["code_challenge_method"] == "S256"
    giver.answers = [(200, {"access_token": "a3", "refresh_token": "r6"})]
    back = browser.get("/mail/oauth/", {"state": asked["state"], "code": "c1"})
    assert back["Location"] == "/mail/boxes/sales/"
    assert (giver.asked[0]["code"], giver.asked[0]["redirect_uri"]) == ("c1", asked["redirect_uri"])
    assert len(giver.asked[0]["code_verifier"]) >= 43
    box.refresh_from_db()
    assert Secrets.of(box.secret).refresh_token == "r6"


def test_a_permission_nobody_asked_for_is_refused(giver: Provider, box: Mailbox, lena: User) -> None:
    browser = Client()
    browser.force_login(lena)
    browser.post("/mail/boxes/sales/connect/")
    assert browser.get("/mail/oauth/", {"state": "forged", "code": "c"}).status_code == 422
    assert browser.get("/mail/oauth/", {"code": "c"}).status_code == 422
    assert giver.asked == []


def test_what_the_provider_refuses_is_told(giver: Provider, box: Mailbox, lena: User) -> None:
    browser = Client()
    browser.force_login(lena)
    query = parse_qs(urlsplit(browser.post("/mail/boxes/sales/connect/")["Location"]).query)
    told = {"state": query["state"][0], "error": "access_denied", "error_description": "The admin said no."}
    page = browser.get("/mail/oauth/", told, follow=True)
    assert "The admin said no." in page.content.decode()


def test_only_where_they_administer(giver: Provider, box: Mailbox) -> None:
    browser = Client()
    browser.force_login(person("ben", Role.DESK_ADMIN, desk=DeskFactory(key="globex")))
    assert browser.post("/mail/boxes/sales/connect/").status_code == 404
