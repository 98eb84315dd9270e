"""Statuses of the company's own; priorities that follow from impact and urgency."""

import pytest
from django.test import Client
from django.utils import translation

from helpline.core.access import Role
from helpline.core.errors import Invalid, NotAllowed
from helpline.people.tests.factories import actor, person
from helpline.tickets import actions, matrix, merge_actions, queries, statuses
from helpline.tickets.filters import Filters
from helpline.tickets.models import MatrixCell, Priority, Status, StatusKind
from helpline.tickets.tests.factories import PriorityFactory, TicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lena():
    return actor("lena", Role.LEAD, Role.DESK_ADMIN)


@pytest.fixture
def ada():
    return actor("ada", Role.AGENT)


@pytest.fixture
def spare(lena):
    return actions.create_status(lena, "Spare part ordered", "waiting_third", order=45)


@pytest.fixture
def usual():
    """The usual priorities and their matrix."""
    given = actions.give_priorities()
    actions.give_matrix(given)
    return given


def shown(ticket):
    """The last change of the thread as people read it."""
    return [(one.label, one.before, one.after, one.why) for one in queries.thread(ticket)[-1].changes]


class TestStatuses:
    def test_an_own_status_stands_beside_its_kind(self, ada, spare):
        ticket = TicketFactory()
        actions.change(ada, ticket, status=spare.key)
        ticket.refresh_from_db()
        assert (ticket.status, ticket.own_status) == ("waiting_third", spare)
        assert ticket.get_status_display() == "Spare part ordered"
        assert shown(ticket) == [("Status", "Open", "Spare part ordered", "")]

    def test_a_kind_means_the_usual_status_of_it(self, ada, spare):
        ticket = TicketFactory()
        actions.change(ada, ticket, status=spare)
        assert actions.change(ada, ticket, status=spare.key) is None
        item = actions.change(ada, ticket, status="waiting_third")
        assert item.data == {"own_status": ["Spare part ordered", "waiting_third"]}
        assert shown(ticket) == [("Status", "Spare part ordered", "Waiting for third party", "")]
        actions.change(ada, ticket, status=spare)
        actions.change(ada, ticket, status="open")
        ticket.refresh_from_db()
        assert (ticket.own_status, ticket.get_status_display()) == (None, "Open")

    def test_clocks_follow_the_kind(self, ada, lena):
        done = actions.create_status(lena, "Solved by an update", "solved")
        ticket = TicketFactory()
        actions.change(ada, ticket, status=done.key)
        assert ticket.solved_at is not None
        actions.change(ada, ticket, status="solved")
        assert (ticket.status, ticket.own_status) == ("solved", None)
        assert ticket.solved_at is not None

    def test_a_merged_ticket_is_closed_and_has_its_word_again_afterwards(self, lena, spare):
        ticket, into = TicketFactory(), TicketFactory()
        actions.change(lena, ticket, status=spare)
        move = merge_actions.merge(lena, into, ticket)
        ticket.refresh_from_db()
        assert ticket.get_status_display() == "Closed"
        merge_actions.undo(lena, move)
        ticket.refresh_from_db()
        assert ticket.get_status_display() == "Spare part ordered"

    def test_a_mail_of_the_customer_opens_it(self, ada, lena):
        asked = actions.create_status(lena, "Asked the caller", "waiting_customer")
        ticket = TicketFactory()
        actions.change(ada, ticket, status=asked)
        actions.add_mail(ada, ticket, "It works", contact=ticket.requester, reopen=True)
        assert (ticket.status, ticket.get_status_display()) == ("open", "Open")

    def test_lists_are_narrowed_by_kind_or_own_status(self, ada, spare):
        usual, own = TicketFactory(status="waiting_third"), TicketFactory()
        actions.change(ada, own, status=spare)
        assert queries.listing(ada, Filters(status="waiting_third"), "number").rows == [usual, own]
        assert queries.listing(ada, Filters(status=spare.key), "number").rows == [own]
        assert queries.listing(ada, Filters(), "number").rows == [usual, own]
        with pytest.raises(Invalid):
            queries.listing(ada, Filters(status="gone"))

    def test_one_that_is_not_offered_stays_where_it_is(self, ada, lena, spare):
        ticket = TicketFactory()
        actions.change(ada, ticket, status=spare)
        actions.edit_status(lena, spare.key, label="Part ordered", order=45, active=False)
        ticket.refresh_from_db()
        assert actions.change(ada, ticket, status=spare.key) is None
        assert ticket.get_status_display() == "Part ordered"
        with pytest.raises(Invalid, match="not in use"):
            actions.change(ada, TicketFactory(), status=spare.key)

    def test_the_choice_is_in_order_and_in_the_language_of_the_reader(self, lena, spare):
        assert [key for key, _label in statuses.options(statuses.status_rows())] == [
            "new", "open", "waiting_customer", "waiting_third", spare.key, "solved", "closed",
        ]  # fmt: skip
        actions.edit_status(lena, "waiting_third", order=5, active=False)
        offered = statuses.options(statuses.status_rows(), keep=["waiting_third"])
        assert offered[0] == ("waiting_third", "Waiting for third party")
        assert "waiting_third" not in dict(statuses.options(statuses.status_rows()))
        with translation.override("de"):
            assert dict(statuses.options(statuses.status_rows()))["solved"] == "Gelöst"

    @pytest.mark.parametrize("label", ["", "open", "SPARE part ordered", "x" * 61])
    def test_a_name_that_is_empty_or_taken_is_refused(self, lena, spare, label):
        with pytest.raises(Invalid):
            actions.create_status(lena, label, "open")

    def test_what_the_program_sets_itself_cannot_be_switched_off(self, lena):
        with pytest.raises(Invalid, match="switched off"):
            actions.edit_status(lena, "solved", order=1, active=False)
        with pytest.raises(Invalid, match="no such"):
            actions.edit_status(lena, "gone", label="Gone", order=1, active=True)

    def test_keys_never_collide(self, lena):
        made = [
            actions.create_status(lena, label, "open").key for label in ("Live", "live!", "処理中", "再確認")
        ]
        assert made == ["live-2", "live-3", "status", "status-2"]

    def test_only_a_desk_administrator_makes_them(self, ada):
        with pytest.raises(NotAllowed):
            actions.create_status(ada, "Mine", "open")


class TestMatrix:
    def test_impact_and_urgency_give_the_priority_of_a_new_ticket(self, ada, usual):
        desk = TicketFactory().desk
        down = actions.open_ticket(ada, desk, "No mail", impact="everybody", urgency="stops")
        assert down.priority == usual["outage"]
        by_hand = actions.open_ticket(
            ada, desk, "No mail", impact="everybody", urgency="stops", priority=usual["regular"]
        )
        assert by_hand.priority == usual["regular"]
        assert actions.open_ticket(ada, desk, "No mail", impact="everybody").priority == usual["regular"]

    def test_the_thread_tells_where_a_priority_comes_from(self, ada, usual):
        ticket = TicketFactory(priority=usual["regular"])
        actions.change(ada, ticket, impact="several")
        assert shown(ticket) == [("Impact", "", "Several people", "")]
        actions.change(ada, ticket, urgency="stops")
        assert shown(ticket) == [
            ("Urgency", "", "Stops the work", ""),
            ("Priority", "Regular service", "Outage", "by impact and urgency"),
        ]
        actions.change(ada, ticket, priority=usual["critical"])
        assert shown(ticket) == [
            ("Priority", "Outage", "Critical", "chosen by hand, against impact and urgency")
        ]
        ticket.refresh_from_db()
        assert (ticket.impact, ticket.urgency, ticket.priority) == ("several", "stops", usual["critical"])

    def test_an_empty_cell_leaves_the_priority_alone(self, ada, lena, usual):
        actions.set_matrix(lena, {("person", "stops"): None})
        ticket = TicketFactory(priority=usual["scheduled"])
        actions.change(ada, ticket, impact="person", urgency="stops")
        assert ticket.priority == usual["scheduled"]

    @pytest.mark.parametrize("fields", [{"impact": "huge"}, {"urgency": "now"}])
    def test_an_unknown_word_is_refused(self, ada, fields):
        with pytest.raises(Invalid):
            actions.change(ada, TicketFactory(), **fields)

    def test_setting_cells_says_how_many_changed(self, lena, usual):
        wanted = {("person", "wait"): usual["scheduled"], ("person", "stops"): usual["critical"]}
        assert actions.set_matrix(lena, wanted) == 1
        assert matrix.suggested("person", "wait") == usual["scheduled"]
        assert MatrixCell.objects.count() == 12
        with pytest.raises(Invalid):
            actions.set_matrix(lena, {("person", "later"): usual["outage"]})


class TestPages:
    @pytest.fixture
    def admin(self, usual):
        client = Client()
        client.user = person("lena", Role.LEAD, Role.DESK_ADMIN)
        client.force_login(client.user)
        return client

    def test_a_status_is_made_changed_and_chosen_for_one_and_for_many(self, admin):
        assert admin.post("/tickets/statuses/", {"label": "", "kind": "open", "order": 1}).status_code == 422
        admin.post("/tickets/statuses/", {"label": "Part ordered", "kind": "waiting_third", "order": 45})
        made = Status.objects.get()
        admin.post(f"/tickets/statuses/{made.key}/", {"label": "Part on its way", "order": 7, "active": "1"})
        made.refresh_from_db()
        assert (made.label, made.order, made.active) == ("Part on its way", 7, True)
        one, two = TicketFactory(), TicketFactory()
        admin.post(f"/tickets/{one.number}/properties/", {"status": made.key})
        bulk = admin.post("/tickets/bulk/", {"ticket": [one.number, two.number], "status": made.key})[
            "Location"
        ]
        assert "Part on its way" in admin.get(bulk).content.decode()
        admin.post(f"{bulk}apply/")
        assert set(made.tickets.all()) == {one, two}
        admin.post(f"{bulk}undo/")
        assert set(made.tickets.all()) == {one}
        admin.post(f"/tickets/{two.number}/properties/", {"status": made.key})
        assert admin.get("/tickets/").content.decode().count(">Part on its way</span>") == 2
        assert "Part on its way" in admin.get(f"/tickets/{two.number}/").content.decode()
        assert "Part on its way" in admin.get("/tickets/statuses/").content.decode()

    def test_the_table_is_saved_as_a_whole(self, admin, usual):
        page = admin.get("/tickets/priorities/").content.decode()
        assert page.count('<select class="form-select" name="') == 12
        admin.post("/tickets/priorities/", {"site-wait": "critical"})
        assert [(one.impact, one.urgency, one.priority.key) for one in MatrixCell.objects.all()] == [
            ("site", "wait", "critical")
        ]
        assert admin.post("/tickets/priorities/", {"site-wait": "gone"}).status_code == 422
        assert MatrixCell.objects.count() == 1

    def test_a_priority_is_made_and_renamed(self, admin):
        admin.post("/tickets/priorities/new/", {"label": "Board room", "meaning": "", "rank": 35})
        admin.post("/tickets/priorities/board-room/", {"label": "The board", "meaning": "Guests", "rank": 36})
        made = Priority.objects.get(key="board-room")
        assert (made.label, made.meaning, made.rank) == ("The board", "Guests", 36)
        assert admin.post("/tickets/priorities/new/", {"label": "Board room", "rank": 1}).status_code == 422
        assert admin.post("/tickets/priorities/gone/", {"label": "x", "rank": 1}).status_code == 404

    def test_the_ticket_says_what_the_table_suggests(self, admin, usual):
        ticket = TicketFactory(priority=usual["regular"])
        url = f"/tickets/{ticket.number}/properties/"
        admin.post(url, {"impact": "everybody"})
        admin.post(url, {"urgency": "stops"})
        ticket.refresh_from_db()
        assert ticket.priority == usual["outage"]
        hint = "Impact and urgency suggest: Outage."
        assert hint not in admin.get(f"/tickets/{ticket.number}/").content.decode()
        admin.post(url, {"priority": usual["critical"].pk})
        assert hint in admin.get(f"/tickets/{ticket.number}/").content.decode()

    def test_a_new_ticket_takes_its_priority_from_the_form(self, admin, usual):
        desk = TicketFactory().desk
        form = {
            "desk": desk.pk,
            "subject": "No mail at all",
            "impact": "site",
            "urgency": "stops",
            "priority": "",
        }
        admin.post("/tickets/new/", form)
        found = queries.search(actor("ada", Role.AGENT), "no mail at all", 1)[0]
        assert (found.priority, found.impact) == (usual["outage"], "site")


def test_statuses_of_a_kind_are_all_known():
    """A new kind needs a decision whether it can be switched off."""
    assert set(StatusKind.values) - statuses.FIXED == {"waiting_third"}
    PriorityFactory()
