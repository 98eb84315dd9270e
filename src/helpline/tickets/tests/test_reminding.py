"""Who has a task hears when it is due, once."""

from datetime import timedelta

import pytest

from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.people.models import Notification
from helpline.people.tests.factories import NOW, actor, person
from helpline.tickets import task_actions
from helpline.tickets.reminding import remind
from helpline.tickets.tests.factories import TicketFactory

pytestmark = pytest.mark.django_db


def test_the_assignee_is_told_once_when_it_is_due():
    lena, sven = actor("lena", Role.LEAD), person("sven", Role.SPECIALIST)
    ticket, clock = TicketFactory(), SetClock(NOW)
    due_at = NOW + timedelta(hours=1)
    task = task_actions.add_task(lena, ticket, "Order toner", due_at=due_at, assignee=sven, clock=clock)
    assert remind(clock) == 0
    clock.advance(3600)
    assert (remind(clock), remind(clock)) == (1, 0)
    told = Notification.objects.get(kind="task_due")
    assert (told.user, told.title, told.url) == (sven, "Due: Order toner", f"/tickets/{ticket.number}/")
    task.refresh_from_db()
    assert task.reminded_at == due_at


def test_nobody_is_told_of_a_task_that_is_done_or_nobodys():
    lena, sven = actor("lena", Role.LEAD), person("sven", Role.SPECIALIST)
    ticket, clock = TicketFactory(), SetClock(NOW)
    done = task_actions.add_task(lena, ticket, "Order toner", due_at=NOW, assignee=sven, clock=clock)
    task_actions.add_task(lena, ticket, "Look at it", due_at=NOW, clock=clock)
    task_actions.finish_task(lena, done, clock=clock)
    assert remind(clock) == 0
    assert not Notification.objects.filter(kind="task_due").exists()
