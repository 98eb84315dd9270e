"""Two tickets that are one, one that is two, and all of it taken back."""

from datetime import timedelta

import pytest

from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict, Invalid
from helpline.core.ids import new_id
from helpline.core.models import AuditRow, OutboxEvent
from helpline.people.tests.factories import DeskFactory, actor
from helpline.tickets import actions, merge_actions, task_actions
from helpline.tickets.models import (
    Item,
    ItemKind,
    LinkKind,
    Move,
    Promise,
    StatusKind,
    Task,
    Ticket,
    TicketLink,
)
from helpline.tickets.tests.factories import PriorityFactory, TicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def ada():
    PriorityFactory()
    return actor("ada", Role.AGENT)


def told(ada, clock, ticket, *texts):
    """Ada notes these, a minute apart."""
    for text in texts:
        clock.advance(60)
        yield actions.add_note(ada, ticket, text, clock=clock)


def bodies(ticket):
    return list(
        ticket.items.exclude(kind=ItemKind.CHANGE).order_by("at", "id").values_list("body", flat=True)
    )


def changes(ticket):
    return [item.data for item in ticket.items.filter(kind=ItemKind.CHANGE).order_by("id")]


class TestMerge:
    def test_the_items_of_one_ticket_go_to_the_other_in_order_of_time(self, ada, clock):
        into, other = TicketFactory(), TicketFactory()
        list(told(ada, clock, into, "a"))
        list(told(ada, clock, other, "b"))
        list(told(ada, clock, into, "c"))
        actions.make_promise(ada, other, "Sven calls", clock.now() + timedelta(hours=1), clock=clock)
        merge_actions.merge(ada, into, other, clock=clock)
        assert bodies(into) == ["a", "b", "c", "Sven calls"]
        assert bodies(other) == []
        assert Promise.objects.get().ticket == into
        other.refresh_from_db()
        assert (other.merged_into, other.status, other.closed_at) == (into, StatusKind.CLOSED, clock.now())
        assert changes(into) == [{"merged": ["", str(other.number)]}]
        assert changes(other) == [{"merged_into": ["", str(into.number)]}]

    def test_both_tickets_are_told_and_audited(self, ada, clock):
        into, other = TicketFactory(), TicketFactory()
        merge_actions.merge(ada, into, other, clock=clock)
        events = OutboxEvent.objects.filter(kind="ticket_merged").order_by("id")
        assert [(one.data["number"], one.data["other"]) for one in events] == [
            (other.number, into.number),
            (into.number, other.number),
        ]
        assert set(AuditRow.objects.values_list("subject_id", flat=True)) == {
            str(into.number),
            str(other.number),
        }

    def test_un_merging_restores_exactly(self, ada, clock):
        into, other = TicketFactory(), TicketFactory(status=StatusKind.SOLVED, solved_at=clock.now())
        list(told(ada, clock, into, "a"))
        list(told(ada, clock, other, "b", "c"))
        rows = list(Item.objects.order_by("pk").values())
        before = Ticket.objects.filter(pk=other.pk).values().get()
        move = merge_actions.merge(ada, into, other, clock=clock)
        list(told(ada, clock, into, "later"))
        merge_actions.undo(ada, Move.objects.get(pk=move.pk), clock=clock)
        assert list(Item.objects.filter(pk__in=[row["id"] for row in rows]).order_by("pk").values()) == rows
        after = Ticket.objects.filter(pk=other.pk).values().get()
        assert {**after, "updated_at": None} == {**before, "updated_at": None}
        assert bodies(into) == ["a", "later"]
        assert changes(other)[-1] == {"merged_into": [str(into.number), ""]}

    def test_it_is_taken_back_once(self, ada, clock):
        move = merge_actions.merge(ada, TicketFactory(), TicketFactory(), clock=clock)
        merge_actions.undo(ada, Move.objects.get(pk=move.pk), clock=clock)
        with pytest.raises(Conflict, match="taken back before"):
            merge_actions.undo(ada, Move.objects.get(pk=move.pk), clock=clock)

    def test_a_call_about_both_stays_in_both(self, ada, clock):
        into, other, call = TicketFactory(), TicketFactory(), new_id()
        for ticket in (into, other):
            Item.objects.create(ticket=ticket, kind=ItemKind.CALL, call_id=call, at=clock.now())
        merge_actions.merge(ada, into, other, clock=clock)
        assert [ticket.items.filter(call_id=call).count() for ticket in (into, other)] == [1, 1]

    def test_chains_are_taken_back_from_their_end(self, ada, clock):
        first, second, third = TicketFactory(), TicketFactory(), TicketFactory()
        list(told(ada, clock, third, "c"))
        inner = merge_actions.merge(ada, second, third, clock=clock)
        outer = merge_actions.merge(ada, first, second, clock=clock)
        assert bodies(first) == ["c"]
        with pytest.raises(Conflict, match="later merge"):
            merge_actions.undo(ada, Move.objects.get(pk=inner.pk), clock=clock)
        merge_actions.undo(ada, Move.objects.get(pk=outer.pk), clock=clock)
        merge_actions.undo(ada, Move.objects.get(pk=inner.pk), clock=clock)
        assert (bodies(first), bodies(second), bodies(third)) == ([], [], ["c"])

    def test_what_cannot_be_merged(self, ada, clock):
        ticket, other = TicketFactory(), TicketFactory()
        elsewhere = actor("lena", Role.LEAD, desk=DeskFactory(key="globex"))
        with pytest.raises(Invalid, match="same ticket"):
            merge_actions.merge(ada, ticket, Ticket.objects.get(pk=ticket.pk), clock=clock)
        merge_actions.merge(ada, ticket, other, clock=clock)
        for one, two in ((TicketFactory(), other), (other, TicketFactory())):
            with pytest.raises(Conflict, match="part of another"):
                merge_actions.merge(ada, one, two, clock=clock)
        foreign = TicketFactory(desk=DeskFactory(key="globex"))
        both = actor("max", Role.AGENT)
        both.roles.update(elsewhere.roles | {foreign.desk_id: frozenset({Role.AGENT})})
        with pytest.raises(Invalid, match="another desk"):
            merge_actions.merge(both, ticket, foreign, clock=clock)


class TestSplit:
    def test_from_here_on_it_is_a_ticket_of_its_own(self, ada, clock):
        ticket = TicketFactory()
        _one, here, _three = told(ada, clock, ticket, "a", "b", "c")
        actions.change(ada, ticket, subject="Printer", clock=clock)
        made = merge_actions.split(ada, here, subject="Coffee", clock=clock)
        assert (bodies(ticket), bodies(made)) == (["a"], ["b", "c"])
        assert (made.subject, made.requester, made.assignee_id) == ("Coffee", ticket.requester, ada.user_id)
        assert changes(ticket)[-1] == {"split_off": ["", str(made.number)]}
        assert changes(made) == [{"split_from": ["", str(ticket.number)]}]

    def test_a_promise_goes_along(self, ada, clock):
        ticket = TicketFactory()
        list(told(ada, clock, ticket, "a"))
        clock.advance(60)
        promise = actions.make_promise(
            ada, ticket, "Sven calls", clock.now() + timedelta(hours=1), clock=clock
        )
        made = merge_actions.split(ada, ticket.items.get(kind=ItemKind.PROMISE), clock=clock)
        promise.refresh_from_db()
        assert promise.ticket == made

    def test_taken_back_it_is_one_ticket_again_with_what_came_since(self, ada, clock):
        ticket = TicketFactory()
        _one, here = told(ada, clock, ticket, "a", "b")
        made = merge_actions.split(ada, here, clock=clock)
        list(told(ada, clock, made, "later"))
        merge_actions.undo(ada, Move.objects.get(kind="split"), clock=clock)
        assert bodies(ticket) == ["a", "b", "later"]
        made.refresh_from_db()
        assert made.merged_into == ticket

    def test_the_beginning_and_a_change_cannot_be_split_from(self, ada, clock):
        ticket = TicketFactory()
        (first,) = told(ada, clock, ticket, "a")
        changed = actions.change(ada, ticket, subject="Printer", clock=clock)
        for item in (first, changed):
            with pytest.raises(Invalid, match="beginning"):
                merge_actions.split(ada, item, clock=clock)
        assert Ticket.objects.count() == 1

    def test_what_was_split_off_a_merged_ticket_stays_split(self, ada, clock):
        into, other = TicketFactory(), TicketFactory()
        list(told(ada, clock, into, "a"))
        _b, here = told(ada, clock, other, "b", "c")
        move = merge_actions.merge(ada, into, other, clock=clock)
        here.refresh_from_db()
        made = merge_actions.split(ada, here, clock=clock)
        merge_actions.undo(ada, Move.objects.get(pk=move.pk), clock=clock)
        assert (bodies(into), bodies(other), bodies(made)) == (["a"], ["b"], ["c"])


class TestLinks:
    def test_each_ticket_tells_of_the_other_in_its_own_words(self, ada, clock):
        whole, part = TicketFactory(), TicketFactory()
        made = merge_actions.link(ada, whole, part, LinkKind.CHILD, clock=clock)
        assert changes(whole) == [{"child": ["", str(part.number)]}]
        assert changes(part) == [{"parent": ["", str(whole.number)]}]
        with pytest.raises(Conflict, match="linked already"):
            merge_actions.link(ada, part, whole, LinkKind.RELATED, clock=clock)
        merge_actions.unlink(ada, made, clock=clock)
        assert not TicketLink.objects.exists()
        assert changes(part)[-1] == {"parent": [str(whole.number), ""]}


class TestTasks:
    def test_a_task_is_done_and_taken_up_again(self, ada, clock):
        ticket = TicketFactory()
        due = clock.now() + timedelta(hours=2)
        task = task_actions.add_task(ada, ticket, " Order toner ", due_at=due, clock=clock)
        assert (task.text, task.due_at, task.done_at) == ("Order toner", due, None)
        task_actions.finish_task(ada, task, clock=clock)
        with pytest.raises(Conflict, match="faster"):
            task_actions.finish_task(ada, task, clock=clock)
        task_actions.finish_task(ada, task, done=False, clock=clock)
        assert Task.objects.get().done_at is None
        assert [list(one) for one in changes(ticket)] == [["task"], ["task_done"], ["task_done"]]
        with pytest.raises(Invalid, match="to be done"):
            task_actions.add_task(ada, ticket, " ", clock=clock)
