"""A desk without a mail server says that its letters go nowhere, and how to write to it."""

from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client

from helpline.core.access import SYSTEM, Role
from helpline.mail.actions import SendingFacts, set_sending
from helpline.mail.models import Mailbox, MailboxKind
from helpline.mail.outgoing import routes
from helpline.mail.tests.factories import MailboxFactory
from helpline.people.tests.factories import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def support() -> Mailbox:
    return MailboxFactory(kind=MailboxKind.SMTP)


def signed_in(client: Client, box: Mailbox, role: Role) -> Client:
    client.force_login(person("lena", role, desk=box.desk))
    return client


def test_the_outbox_says_whose_letters_go_nowhere(client: Client, support: Mailbox) -> None:
    sends = MailboxFactory(name="sales", desk=support.desk)
    set_sending(SYSTEM, sends, SendingFacts(way="smtp", facts={"host": "mail.example"}))
    html = signed_in(client, support, Role.AGENT).get("/mail/out/").content.decode()
    assert "Letters of support do not leave this machine" in html
    assert str(settings.ENV.data / "mail" / "outbox") in html
    set_sending(SYSTEM, support, SendingFacts(way="smtp", facts={"host": "mail.example"}))
    assert "do not leave this machine" not in client.get("/mail/out/").content.decode()


def test_with_a_server_of_the_installation_only_folders_stay(
    support: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, smtp_url="smtp://mail.example"))
    assert routes.kept_here([support]) == []
    set_sending(SYSTEM, support, SendingFacts(way="folder"))
    assert routes.kept_here([support]) == [support]


def test_the_page_of_the_mailbox_says_how_to_try_it(client: Client, support: Mailbox) -> None:
    env = settings.ENV
    html = signed_in(client, support, Role.DESK_ADMIN).get("/mail/boxes/support/").content.decode()
    assert f"swaks --server {env.smtp_host}:{env.smtp_port}" in html
    assert f"--to {support.address}" in html
