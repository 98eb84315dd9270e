"""Tags given to many tickets and taken from them at once, and put back where nobody touched them since."""

import pytest

from helpline.core.access import Actor, Role
from helpline.core.clock import SetClock
from helpline.people.tests.factories import DeskFactory, actor
from helpline.tickets import actions, bulk_actions, bulk_fields, bulk_preview, tag_actions
from helpline.tickets.models import BulkChange, Item, Tag, Ticket
from helpline.tickets.tests.factories import TicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Actor:
    return actor("ada", Role.AGENT)


@pytest.fixture
def boss() -> Actor:
    return actor("boss", Role.DESK_ADMIN)


@pytest.fixture
def printer(boss: Actor) -> Tag:
    return tag_actions.create_tag(boss, DeskFactory(), "Printer")


@pytest.fixture
def vpn(boss: Actor) -> Tag:
    return tag_actions.create_tag(boss, DeskFactory(), "VPN")


def prepared(who: Actor, tickets: list[Ticket], **fields: object) -> BulkChange:
    chosen = Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets])
    given = {key: str(value) for key, value in fields.items()}
    return bulk_actions.prepare(who, chosen, bulk_fields.read(who, given), clock=SetClock())


def done(who: Actor, tickets: list[Ticket], **fields: object) -> BulkChange:
    return bulk_actions.apply(who, prepared(who, tickets, **fields), clock=SetClock())


def tags(ticket: Ticket) -> list[str]:
    return sorted(Ticket.objects.get(pk=ticket.pk).tags.values_list("name", flat=True))


def test_the_preview_tells_who_has_it_already(ada: Actor, printer: Tag, vpn: Tag) -> None:
    one, two, both = TicketFactory(), TicketFactory(), TicketFactory()
    two.tags.add(vpn)
    both.tags.add(printer)
    told = bulk_preview.preview(
        ada, prepared(ada, [one, two, both], tag_added=printer.pk, tag_removed=vpn.pk)
    )
    assert (told.changed, told.same) == (2, 1)
    summary = {(step.label, step.before, step.after): count for step, count in told.summary}
    assert summary == {("Tag added", "", "Printer"): 2, ("Tag removed", "", "VPN"): 1}


def test_each_ticket_tells_it_once_and_undo_puts_back_what_it_did(ada: Actor, printer: Tag, vpn: Tag) -> None:
    one, two = TicketFactory(), TicketFactory()
    two.tags.add(vpn, printer)
    bulk = done(ada, [one, two], tag_added=printer.pk, tag_removed=vpn.pk)
    assert (tags(one), tags(two)) == (["Printer"], ["Printer"])
    assert [item.data for item in Item.objects.order_by("ticket")] == [
        {"tag_added": ["", "Printer"]},
        {"tag_removed": ["VPN", ""]},
    ]
    bulk_actions.undo(ada, bulk, clock=SetClock())
    # the printer was there before, so it stays
    assert (tags(one), tags(two)) == ([], ["Printer", "VPN"])


def test_fields_and_tags_in_one_change(ada: Actor, printer: Tag) -> None:
    ticket = TicketFactory()
    bulk = done(ada, [ticket], tag_added=printer.pk, status="solved")
    assert (tags(ticket), Ticket.objects.get(pk=ticket.pk).status) == (["Printer"], "solved")
    bulk_actions.undo(ada, bulk, clock=SetClock())
    assert (tags(ticket), Ticket.objects.get(pk=ticket.pk).status) == ([], "open")


def test_what_somebody_did_with_the_tag_since_stays(ada: Actor, printer: Tag, vpn: Tag) -> None:
    one, two = TicketFactory(), TicketFactory()
    bulk = done(ada, [one, two], tag_added=printer.pk)
    actions.tag_ticket(ada, one, remove=[printer])
    actions.tag_ticket(ada, one, add=[printer])
    actions.tag_ticket(ada, two, add=[vpn])
    bulk = bulk_actions.undo(ada, bulk, clock=SetClock())
    assert (tags(one), tags(two)) == (["Printer"], ["VPN"])
    assert {row.ticket_id: (row.state, row.left) for row in bulk.rows.all()} == {
        one.pk: ("left", ["tag_added"]),
        two.pk: ("undone", []),
    }


def test_a_later_change_taken_back_does_not_stand_in_the_way(ada: Actor, printer: Tag) -> None:
    ticket = TicketFactory()
    first = done(ada, [ticket], tag_added=printer.pk)
    bulk_actions.undo(ada, done(ada, [ticket], tag_removed=printer.pk), clock=SetClock())
    assert tags(ticket) == ["Printer"]
    bulk_actions.undo(ada, first, clock=SetClock())
    assert tags(ticket) == []


def test_a_tag_of_another_desk_and_one_that_is_gone(ada: Actor, boss: Actor, printer: Tag) -> None:
    ticket = TicketFactory()
    bulk = done(ada, [ticket], tag_added=printer.pk)
    ticket.tags.clear()
    printer.delete()
    bulk = bulk_actions.undo(ada, bulk, clock=SetClock())
    assert bulk.rows.get().state == "left"


def test_many_cost_one_question_more(ada: Actor, printer: Tag, django_assert_max_num_queries) -> None:
    bulk = prepared(ada, [TicketFactory() for _ in range(30)], tag_added=printer.pk)
    with django_assert_max_num_queries(6):
        assert bulk_preview.preview(ada, bulk).changed == 30
