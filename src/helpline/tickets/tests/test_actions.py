"""What is done to tickets, and what stays of it: items, audit, events."""

import uuid
from datetime import timedelta

import pytest

from helpline.core import registry
from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.core.models import AuditRow, OutboxEvent
from helpline.customers.tests.factories import ContactFactory, OrganisationFactory, carl
from helpline.people.tests.factories import DeskFactory, TeamFactory, actor, person
from helpline.tickets import actions, queries
from helpline.tickets.models import Item, Promise, StatusKind, Ticket
from helpline.tickets.tests.factories import CategoryFactory, IncidentFactory, PriorityFactory, TicketFactory

pytestmark = pytest.mark.django_db
CALL = uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.fixture
def ada():
    PriorityFactory()
    return actor("ada", Role.AGENT)


def kinds() -> list[str]:
    return list(OutboxEvent.objects.order_by("id").values_list("kind", flat=True))


class TestOpening:
    def test_numbers_follow_each_other(self, ada):
        numbers = [actions.open_ticket(ada, DeskFactory(), "VPN").number for _ in range(3)]
        assert numbers == [1001, 1002, 1003]

    def test_what_ada_opens_is_hers_and_carries_the_callers_place(self, ada):
        who = carl(organisation=OrganisationFactory(name="Acme"))
        ticket = actions.open_ticket(ada, who.desk, "VPN drops", requester=who, body="Since Monday")
        assert (ticket.assignee_id, ticket.status, ticket.location) == (ada.user_id, "open", "Utrecht")
        assert ticket.organisation == who.organisation
        assert ticket.items.get().body == "Since Monday"
        opened = OutboxEvent.objects.get(kind="ticket_opened")
        assert opened.topics == [f"ticket:{ticket.number}", f"desk:{ticket.desk_id}", f"user:{ada.user_id}"]

    def test_what_the_system_opens_is_new_and_nobodys(self):
        PriorityFactory()
        ticket = actions.open_ticket(SYSTEM, DeskFactory(), "Call from 100")
        assert (ticket.assignee_id, ticket.status) == (None, "new")

    def test_no_ticket_of_a_foreign_contact_or_without_a_subject(self, ada):
        foreign = ContactFactory(desk=DeskFactory(key="globex"))
        for facts in ({"subject": "X", "requester": foreign}, {"subject": "  "}):
            with pytest.raises(Invalid):
                actions.open_ticket(ada, DeskFactory(key="acme"), **facts)
        assert not Ticket.objects.exists()

    def test_somebody_of_another_desk_opens_none(self, ada):
        with pytest.raises(NotAllowed):
            actions.open_ticket(ada, DeskFactory(key="globex"), "X")

    def test_without_priorities_it_says_what_helps(self):
        with pytest.raises(Invalid, match="priority"):
            actions.open_ticket(SYSTEM, DeskFactory(), "X")


class TestCalls:
    def test_a_call_is_in_the_thread_once(self, ada):
        ticket = TicketFactory()
        first = actions.attach_call(SYSTEM, ticket, CALL, ticket.requester)
        assert actions.attach_call(ada, ticket, CALL, ticket.requester) == first
        assert queries.tickets_of_call(CALL) == [ticket]

    def test_the_person_who_takes_it_gives_the_first_response(self, ada):
        clock = SetClock()
        ticket = TicketFactory()
        actions.attach_call(SYSTEM, ticket, CALL, None, clock=clock)
        assert Ticket.objects.get().first_response_at is None
        actions.attach_call(ada, ticket, CALL, None, clock=clock)
        clock.advance(60)
        actions.attach_call(ada, ticket, uuid.uuid4(), None, clock=clock)
        assert Ticket.objects.get().first_response_at == clock.now() - timedelta(seconds=60)

    def test_another_problem_of_the_same_call_is_a_ticket_of_its_own(self, ada):
        first = TicketFactory(requester=carl())
        heard = []
        registry.on("ticket_of_call", lambda **facts: heard.append(facts))
        actions.attach_call(ada, first, CALL, first.requester)
        second = actions.another_ticket(ada, CALL, first, subject="Printer")
        assert queries.tickets_of_call(CALL) == [first, second]
        assert second.requester == first.requester
        assert [(facts["call_id"], facts["ticket"]) for facts in heard] == [(CALL, second)]


class TestChanging:
    def test_all_that_changed_is_one_item_with_before_and_after(self, ada):
        vpn, critical = CategoryFactory(path="Network > VPN"), PriorityFactory(key="critical", rank=30)
        ticket = TicketFactory()
        item = actions.change(ada, ticket, category=vpn, priority=critical, subject=ticket.subject)
        assert item.data == {"category": ["", "Network > VPN"], "priority": ["Regular", "Critical"]}
        assert AuditRow.objects.get(verb="change").changes == item.data
        event = OutboxEvent.objects.get(kind="ticket_changed")
        assert event.data["fields"] == item.data
        assert Ticket.objects.get().category == vpn

    def test_the_same_again_is_nothing(self, ada):
        ticket = TicketFactory()
        assert actions.change(ada, ticket, subject=ticket.subject, status="open") is None
        assert kinds() == []

    def test_the_one_who_had_it_hears_that_it_went_on(self, ada):
        ben = person("ben", Role.AGENT)
        ticket = TicketFactory(assignee=ben)
        actions.change(ada, ticket, assignee=None)
        assert f"user:{ben.pk}" in OutboxEvent.objects.get(kind="ticket_changed").topics

    def test_solved_closed_and_open_again(self, ada):
        clock, ticket = SetClock(), TicketFactory()
        actions.change(ada, ticket, status=StatusKind.SOLVED, clock=clock)
        solved = clock.now()
        clock.advance(3600)
        actions.change(ada, ticket, status=StatusKind.CLOSED, clock=clock)
        kept = Ticket.objects.get()
        assert (kept.solved_at, kept.closed_at) == (solved, clock.now())
        actions.change(ada, ticket, status=StatusKind.OPEN, clock=clock)
        kept = Ticket.objects.get()
        assert (kept.solved_at, kept.closed_at) == (None, None)

    def test_another_requester_brings_their_organisation(self, ada):
        ticket, who = TicketFactory(), carl(organisation=OrganisationFactory(name="Acme"))
        actions.change(ada, ticket, requester=who)
        assert Ticket.objects.get().organisation.name == "Acme"

    def test_what_does_not_fit_is_refused(self, ada):
        ticket, globex = TicketFactory(), DeskFactory(key="globex")
        wrong = [
            {"category": CategoryFactory(desk=globex)},
            {"team": TeamFactory(desk=globex)},
            {"requester": ContactFactory(desk=globex)},
            {"incident": IncidentFactory(desk=globex)},
            {"assignee": person("gus", Role.AGENT, desk=globex)},
            {"status": "asleep"},
            {"tier": 0},
            {"priority": None},
            {"number": 7},
        ]
        for fields in wrong:
            with pytest.raises(Invalid):
                actions.change(ada, ticket, **fields)
        assert not Item.objects.exists()

    def test_a_coach_changes_nothing(self):
        with pytest.raises(NotAllowed):
            actions.change(actor("cora", Role.COACH), TicketFactory(), status="closed")


class TestHandingOn:
    def test_the_ticket_goes_to_the_team_with_the_reason(self, ada):
        network = TeamFactory(name="Network", tier=2)
        ticket = TicketFactory(status=StatusKind.NEW, assignee=person("ben", Role.AGENT))
        actions.escalate(ada, ticket, network, "Log shows the gateway")
        kept = Ticket.objects.get()
        assert (kept.team, kept.tier, kept.assignee, kept.status) == (network, 2, None, "open")
        assert [item.kind for item in queries_items(ticket)] == ["note", "change"]
        assert kinds()[-1] == "ticket_escalated"

    def test_nobody_hands_on_without_a_word(self, ada):
        with pytest.raises(Invalid):
            actions.escalate(ada, TicketFactory(), TeamFactory(), "  ")
        assert kinds() == []

    def test_a_team_of_another_desk_gets_nothing_not_even_the_note(self, ada):
        with pytest.raises(Invalid):
            actions.escalate(ada, TicketFactory(), TeamFactory(desk=DeskFactory(key="globex")), "Log")
        assert not Item.objects.exists()


def queries_items(ticket):
    return [entry.item for entry in queries.thread(ticket)]


class TestPromises:
    def test_made_shown_and_kept_once(self, ada):
        clock, ticket = SetClock(), TicketFactory()
        due = clock.now() + timedelta(hours=4)
        promise = actions.make_promise(ada, ticket, "Sven calls", due, CALL, clock=clock)
        assert [entry.promise for entry in queries.thread(ticket)] == [promise]
        assert queries.open_promises(ticket) == [promise]
        actions.keep_promise(ada, promise, clock=clock)
        assert Promise.objects.get().kept_at == clock.now()
        with pytest.raises(Conflict):
            actions.keep_promise(ada, Promise.objects.get(), clock=clock)

    def test_a_promise_for_yesterday_is_none(self, ada):
        clock = SetClock()
        with pytest.raises(Invalid):
            actions.make_promise(ada, TicketFactory(), "Sven calls", clock.now(), clock=clock)

    def test_an_empty_note_is_none(self, ada):
        with pytest.raises(Invalid):
            actions.add_note(ada, TicketFactory(), " \n")


class TestWords:
    def test_categories_know_their_path(self):
        desk = DeskFactory()
        network = actions.create_category(SYSTEM, desk, "Network")
        vpn = actions.create_category(SYSTEM, desk, "VPN", parent=network)
        assert vpn.path == "Network > VPN"
        assert actions.create_category(SYSTEM, desk, "VPN", parent=network) == vpn
        with pytest.raises(Invalid):
            actions.create_category(SYSTEM, desk, "A > B")


class TestMails:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("new", "new"),
            ("open", "open"),
            ("waiting_customer", "open"),
            ("solved", "open"),
            ("closed", "open"),
        ],
    )
    def test_a_mail_of_the_customer_takes_the_ticket_back_to_work(self, before, after):
        ticket = TicketFactory(status=before)
        item = actions.add_mail(
            SYSTEM, ticket, "Still.", contact=ticket.requester, data={"a": 1}, reopen=True
        )
        ticket.refresh_from_db()
        assert (ticket.status, ticket.solved_at, ticket.first_response_at) == (after, None, None)
        assert (item.kind, item.contact, item.body, item.data) == (
            "mail",
            ticket.requester,
            "Still.",
            {"a": 1},
        )
        assert ticket.items.filter(kind="change").exists() is (before != after)

    def test_one_of_a_machine_leaves_it_alone(self):
        ticket = TicketFactory(status="solved")
        actions.add_mail(SYSTEM, ticket, "I am away.")
        ticket.refresh_from_db()
        assert ticket.status == "solved"

    def test_a_mail_of_ada_is_the_first_response(self, ada):
        ticket = TicketFactory(status="open")
        item = actions.add_mail(ada, ticket, "Try again, please.")
        ticket.refresh_from_db()
        assert ticket.first_response_at is not None
        assert item.author_id == ada.user_id

    def test_a_manager_writes_none(self):
        with pytest.raises(NotAllowed):
            actions.add_mail(actor("mona", Role.MANAGER), TicketFactory(), "Hello")
