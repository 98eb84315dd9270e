"""Mailboxes and mails for tests."""

from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import factory

from helpline.core.clock import SetClock
from helpline.mail import actions
from helpline.mail.models import Inbound, Mailbox
from helpline.people.tests.factories import NOW, DeskFactory

CARL = "Carl Jansen <carl@acme.example>"


class MailboxFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Mailbox
        django_get_or_create = ("name",)

    desk = factory.SubFactory(DeskFactory)
    name = "support"
    address = factory.LazyAttribute(lambda mailbox: f"{mailbox.name}@desk.example")
    created_at = NOW


def mail(
    text: str = "The printer is on fire.",
    *,
    message_id: str = "<first@acme.example>",
    sender: str = CARL,
    to: str = "support@desk.example",
    subject: str = "Printer",
    answers: str = "",
    chain: str = "",
    files: tuple[tuple[str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """A mail as it comes over the wire. `answers`: In-Reply-To, `chain`: References; `Auto_Submitted="..."`."""
    message = EmailMessage(policy=SMTP)
    facts = {"From": sender, "To": to, "Subject": subject, "Message-ID": message_id}
    facts |= {
        "Date": "Mon, 05 Jan 2026 08:59:00 +0000",
        "In-Reply-To": answers,
        "References": chain or answers,
    }
    for name, value in (facts | {key.replace("_", "-"): value for key, value in headers.items()}).items():
        if value:
            message[name] = value
    message.set_content(text + "\n")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def arrive(mailbox: Mailbox, raw: bytes, clock: SetClock, uid: str = "") -> Inbound:
    """The mail comes in and is filed, a minute after the one before."""
    clock.advance(60)
    received = actions.receive(mailbox, raw, uid, queue=False, clock=clock)
    actions.file(received.inbound.pk, clock=clock)
    return Inbound.objects.select_related("ticket", "mailbox", "first", "follows").get(pk=received.inbound.pk)


def said(inbound: Inbound) -> tuple[Any, ...]:
    """Verdict, reason and the test that joined it."""
    return inbound.verdict, inbound.reason, inbound.joined_by
