"""Mail leaves by a server that wants OAuth 2, with the permission the mailbox's own account gave for fetching."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.mail import actions
from helpline.mail.actions import SendingFacts
from helpline.mail.mailboxes import actions as mailbox_actions
from helpline.mail.mailboxes.actions import MailboxFacts
from helpline.mail.mailboxes.connection import Connection, Secrets, SignIn
from helpline.mail.models import Mailbox, MailboxKind, Outbound, OutboundState
from helpline.mail.outgoing import routes, sending
from helpline.mail.outgoing.forms import SendingForm
from helpline.mail.tests.factories import arrive, mail
from helpline.mail.tests.post_office import PostOffice, open_office
from helpline.mail.tests.providers import Provider, provider
from helpline.people.tests.factories import actor
from helpline.tickets.models import Ticket

pytestmark = pytest.mark.django_db
USER = "support@desk.example"


class Strict(PostOffice):
    """Takes mail only from who shows the token that is good now."""

    good: str = "a1"

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        said = base64.b64decode(args[1]).decode()
        if said == f"user={USER}\x01auth=Bearer {self.good}\x01\x01":
            return AuthResult(success=True, auth_data=USER)
        await server.challenge_auth(b'{"status":"401"}')
        return AuthResult(success=False, handled=False)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    wants = {"auth_required": True, "auth_require_tls": False}
    with open_office(Strict, auth_exclude_mechanism=["LOGIN", "PLAIN"], **wants) as opened:
        yield opened


@pytest.fixture
def giver() -> Iterator[Provider]:
    with provider() as told:
        told.answers = [(200, {"access_token": "a1", "expires_in": 3600, "refresh_token": "r1"})]
        yield told


@pytest.fixture
def box(giver: Provider, office: PostOffice, support: Mailbox, clock: SetClock) -> Mailbox:
    told = Connection(
        host="imap.example",
        user=USER,
        sign_in=SignIn.OAUTH,
        client_id="desk",
        token_url=f"{giver.url}/token",
        authorize_url=f"{giver.url}/ask",
    )
    facts = MailboxFacts(
        "support", USER, MailboxKind.IMAP, "en", told, Secrets(refresh_token=f"r-{office.port}")
    )
    mailbox_actions.save_mailbox(SYSTEM, support.desk, facts, mailbox=support, clock=clock)
    way: dict[str, Any] = {"host": "127.0.0.1", "port": office.port, "security": "none"}
    actions.set_sending(SYSTEM, support, SendingFacts("smtp", way | {"sign_in": routes.AS_MAILBOX}))
    support.refresh_from_db()
    return support


@pytest.fixture
def letter(box: Mailbox, clock: SetClock) -> Outbound:
    ticket = arrive(box, mail(), clock).ticket
    assert isinstance(ticket, Ticket)
    ada = actor("ada", Role.AGENT, desk=box.desk)
    return actions.queue_reply(ada, ticket, text="Use water.", hold_seconds=0, clock=clock)


def test_a_letter_leaves_with_the_mailboxs_permission(
    giver: Provider, office: PostOffice, letter: Outbound, box: Mailbox, clock: SetClock
) -> None:
    assert sending.send(letter.pk, clock=clock) == OutboundState.SENT
    assert office.addresses == [["carl@acme.example"]]
    assert giver.asked[0]["grant_type"] == "refresh_token"
    box.refresh_from_db()
    assert Secrets.of(box.secret).refresh_token == "r1"
    assert SendingForm(box).initial["as_mailbox"] is True


def test_a_token_the_server_refuses_is_asked_for_anew(
    giver: Provider, office: PostOffice, letter: Outbound, clock: SetClock
) -> None:
    giver.answers = [(200, {"access_token": "stale"}), (200, {"access_token": "a1"})]
    assert sending.send(letter.pk, clock=clock) == OutboundState.DEFERRED
    assert office.taken == []
    assert Outbound.objects.get(pk=letter.pk).code.startswith("535")
    clock.advance(3600)
    assert sending.send(letter.pk, clock=clock) == OutboundState.SENT
    assert len(giver.asked) == 2


def test_without_permission_letters_wait_and_say_why(
    giver: Provider, office: PostOffice, letter: Outbound, clock: SetClock
) -> None:
    giver.answers = [(400, {"error": "invalid_grant", "error_description": "revoked"})]
    assert sending.send(letter.pk, clock=clock) == OutboundState.DEFERRED
    assert "revoked" in Outbound.objects.get(pk=letter.pk).detail
    assert office.taken == []
