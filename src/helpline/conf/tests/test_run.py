"""What `helpline run` says when everything is up."""

import socket
from dataclasses import replace

import pytest
from django.conf import settings

from helpline.conf.run import _free, _greeting
from helpline.core.access import SYSTEM
from helpline.mail.actions import SendingFacts, create_mailbox, set_sending
from helpline.mail.models import Mailbox, MailboxKind
from helpline.people.tests.factories import DeskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def support() -> Mailbox:
    return create_mailbox(SYSTEM, DeskFactory(), "support", "support@desk.example", kind=MailboxKind.SMTP)


def test_where_to_write_and_that_nothing_leaves(support: Mailbox) -> None:
    env = settings.ENV
    told = _greeting(demo=True, door_free=True)
    assert f"support@desk.example by SMTP at {env.smtp_host}:{env.smtp_port}" in told
    assert f"files in {env.data}/mail/outbox; nothing is sent outside" in told


def test_with_a_mail_server_it_does_not_say_so(support: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, smtp_url="smtp://mail.example"))
    assert "nothing is sent outside" not in _greeting(demo=True, door_free=True)
    set_sending(SYSTEM, support, SendingFacts(way="folder"))
    assert "nothing is sent outside" in _greeting(demo=True, door_free=True)


def test_a_door_somebody_else_has_is_told(support: Mailbox) -> None:
    told = _greeting(demo=True, door_free=False)
    assert f"port {settings.ENV.smtp_port} is taken; set HELPLINE_SMTP_PORT" in told
    assert "support@desk.example" not in told


def test_without_a_mailbox_of_that_kind_nothing_is_said_of_mail() -> None:
    assert "HELPLINE_SMTP_PORT" not in _greeting(demo=True, door_free=False)


def test_a_port_in_use_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not _free(socket.SOCK_STREAM, "127.0.0.1", taken.getsockname()[1])
