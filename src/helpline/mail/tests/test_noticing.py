"""Notices go out by mail only when nobody saw them; an alarm of a mailbox reaches its administrators."""

import pytest
from django.db import transaction

from helpline.core import outbox
from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.mail import noticing
from helpline.mail.models import Mailbox, Outbound, OutboundKind
from helpline.people import notice_actions
from helpline.people.access import actor_for
from helpline.people.models import Notification, User
from helpline.people.tests.factories import person
from helpline.tickets import actions
from helpline.tickets.tests.factories import TicketFactory


@pytest.fixture
def ben(support: Mailbox) -> User:
    ben = person("ben", Role.AGENT, desk=support.desk)
    ben.email = "ben@desk.example"
    ben.save()
    return ben


def given(ben: User, support: Mailbox, clock: SetClock) -> None:
    """Two tickets become Ben's."""
    ada = actor_for(person("ada", Role.AGENT, desk=support.desk))
    for subject in ("Printer", "Mouse"):
        actions.change(ada, TicketFactory(desk=support.desk, subject=subject), assignee=ben, clock=clock)


def test_one_mail_tells_all_that_was_not_seen(ben: User, support: Mailbox, clock: SetClock) -> None:
    given(ben, support, clock)
    assert noticing.send_due(clock) == 0, "it may still be seen on the page"
    clock.advance(301)
    assert noticing.send_due(clock) == 1
    sent = Outbound.objects.select_related("letter").get()
    assert (sent.kind, sent.to) == (OutboundKind.NOTIFICATION, "ben@desk.example")
    assert "Printer" in sent.letter.text
    assert "Mouse" in sent.letter.text
    assert "/tickets/" in sent.letter.text
    assert noticing.send_due(clock) == 0


def test_what_was_seen_is_not_mailed(ben: User, support: Mailbox, clock: SetClock) -> None:
    given(ben, support, clock)
    notice_actions.seen(actor_for(ben), clock=clock)
    clock.advance(301)
    assert noticing.send_due(clock) == 0


def test_an_alarm_of_a_mailbox_reaches_who_can_mend_it(ben: User, support: Mailbox, clock: SetClock) -> None:
    dana = person("dana", Role.DESK_ADMIN, desk=support.desk)
    with transaction.atomic():
        for on in (True, False):
            facts = {"mailbox": support.name, "alarm": "failing", "on": on, "detail": "the server is gone"}
            outbox.emit(noticing.ALARM_EVENT, desk_id=support.desk_id, data=facts, clock=clock)
    assert noticing.tell_alarms(clock) == 1
    assert noticing.tell_alarms(clock) == 0
    row = Notification.objects.get()
    assert (row.user, row.detail) == (dana, "the server is gone")
