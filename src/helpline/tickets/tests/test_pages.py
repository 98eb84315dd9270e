"""Pages of tickets and incidents, as they are used."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from helpline.core import registry
from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.customers.models import Contact
from helpline.customers.tests.factories import AssetFactory, ContactFactory, carl
from helpline.people.access import actor_for
from helpline.people.models import Desk, Presence, RoleGrant, User
from helpline.people.tests.factories import DeskFactory, TeamFactory, person
from helpline.tickets import actions, queries
from helpline.tickets.models import Incident, Ticket
from helpline.tickets.tests.factories import CategoryFactory, IncidentFactory, PriorityFactory, TicketFactory

pytestmark = pytest.mark.django_db
MAIN = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "main"}
PART = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "ticket-thread"}


@pytest.fixture
def ada():
    PriorityFactory()
    client = Client()
    client.user = person("ada", Role.AGENT)
    client.force_login(client.user)
    return client


def busy_ticket(client) -> Ticket:
    """A ticket with a long thread: notes, changes, promises, a card and other tickets of the caller."""
    who, ada = carl(), actor_for(client.user)
    AssetFactory(contact=who)
    ticket = TicketFactory(requester=who, category=CategoryFactory(), assignee=client.user)
    for number in range(12):
        actions.add_note(ada, ticket, f"Note {number}")
        actions.change(ada, ticket, subject=f"VPN drops {number}")
        actions.make_promise(ada, ticket, "Sven calls", timezone.now() + timedelta(hours=2))
        TicketFactory(requester=who)
    return ticket


class TestBudgets:
    def test_the_ticket_page_costs_less_than_20_queries(self, ada, django_assert_max_num_queries):
        ticket = busy_ticket(ada)
        with django_assert_max_num_queries(19):
            page = ada.get(f"/tickets/{ticket.number}/", **MAIN).content.decode()
        assert page.count("Sven calls") == 12

    def test_the_list_costs_less_than_12_queries_for_few_and_many(self, ada, django_assert_max_num_queries):
        for _number in range(40):
            TicketFactory(assignee=ada.user, team=TeamFactory(), category=CategoryFactory())
        with django_assert_max_num_queries(11):
            page = ada.get("/tickets/", **MAIN).content.decode()
        assert page.count('type="checkbox" name="ticket"') == 40

    def test_a_refresh_of_the_rows_costs_at_most_8(self, ada, django_assert_max_num_queries):
        TicketFactory.create_batch(10)
        with django_assert_max_num_queries(8):
            ada.get("/tickets/?part=rows", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="ticket-rows")


class TestTicketPage:
    def test_it_shows_what_happened_and_listens_for_more(self, ada):
        ticket = busy_ticket(ada)
        page = ada.get(f"/tickets/{ticket.number}/").content.decode()
        assert f'hx-trigger="live:ticket:{ticket.number} from:body"' in page
        for known in ("Carl Jansen", "+31 30 555 0199", "VPN drops 11", "Note 3", "other live tickets"):
            assert known in page

    def test_an_unknown_number_says_what_helps(self, ada):
        answer = ada.get("/tickets/99/")
        assert answer.status_code == 404
        assert "search for a word" in answer.content.decode()

    def test_rooms_above_put_their_parts_in(self, ada, monkeypatch):
        call = uuid.uuid4()
        monkeypatch.setattr(registry, "_panels", {})
        registry.panels("ticket.side").register(
            "procedure", lambda request, ticket: f"<i>steps of {ticket.number}</i>"
        )
        registry.panels("ticket.item.call").register(
            "call", lambda request, entry: f"<i>call {entry.call_id} of {len(entry.thread_call_ids)}</i>"
        )
        ticket = TicketFactory()
        actions.attach_call(actor_for(ada.user), ticket, call, ticket.requester)
        page = ada.get(f"/tickets/{ticket.number}/").content.decode()
        assert f"<i>steps of {ticket.number}</i>" in page
        assert f"<i>call {call} of 1</i>" in page

    def test_one_property_is_saved_and_the_others_stay(self, ada):
        ticket, vpn = TicketFactory(subject="VPN"), CategoryFactory(path="Network > VPN")
        answer = ada.post(f"/tickets/{ticket.number}/properties/", {"category": vpn.pk}, **PART)
        ticket.refresh_from_db()
        assert (ticket.category, ticket.subject, ticket.status) == (vpn, "VPN", "open")
        fragment = answer.content.decode()
        assert 'hx-swap-oob="morph:#ticket-lead"' in fragment
        assert "<html" not in fragment

    def test_a_property_can_be_emptied_but_not_with_something_foreign(self, ada):
        ticket = TicketFactory(assignee=ada.user)
        foreign = CategoryFactory(desk=DeskFactory(key="globex"))
        refused = ada.post(f"/tickets/{ticket.number}/properties/", {"category": foreign.pk}, **PART)
        assert (refused.status_code, refused["HX-Retarget"]) == (422, "#toasts")
        ada.post(f"/tickets/{ticket.number}/properties/", {"assignee": ""}, **PART)
        ticket.refresh_from_db()
        assert (ticket.assignee, ticket.category) == (None, None)

    def test_a_note_comes_back_with_an_empty_form_and_the_thread(self, ada):
        ticket = TicketFactory()
        fragment = ada.post(
            f"/tickets/{ticket.number}/note/", {"body": "Log <saved>"}, **PART
        ).content.decode()
        assert 'id="ticket-note"' in fragment
        assert 'hx-swap-oob="morph:#ticket-thread"' in fragment
        assert "Log &lt;saved&gt;" in fragment

    def test_a_promise_is_meant_in_the_desks_own_time(self, ada):
        ticket = TicketFactory(desk=DeskFactory(key="tokyo", timezone="Asia/Tokyo"))
        RoleGrant.objects.create(user=ada.user, desk=ticket.desk, role=Role.AGENT)
        answer = ada.post(
            f"/tickets/{ticket.number}/promise/", {"what": "Sven calls", "due_at": "2100-01-01T09:00"}, **PART
        )
        promise = ticket.promises.get()
        assert answer.status_code == 200
        assert promise.due_at.isoformat() == "2100-01-01T00:00:00+00:00"
        ada.post(f"/tickets/{ticket.number}/promises/{promise.pk}/kept/", **PART)
        promise.refresh_from_db()
        assert promise.kept_at is not None
        assert ada.post(f"/tickets/{TicketFactory().number}/promises/{promise.pk}/kept/").status_code == 404

    def test_handing_on_needs_a_reason(self, ada):
        ticket, network = TicketFactory(), TeamFactory(name="Network", tier=2)
        url = f"/tickets/{ticket.number}/escalate/"
        assert ada.post(url, {"team": network.pk, "note": ""}, **PART).status_code == 422
        assert ada.post(url, {"team": network.pk, "note": "Log"}, **PART).status_code == 200
        ticket.refresh_from_db()
        assert ticket.team == network

    @pytest.mark.parametrize("who", ["C-1042", "030 555 0199", "carl jan"])
    def test_the_requester_is_named_by_what_the_caller_says(self, ada, who):
        carl()
        ticket = TicketFactory(requester=None)
        ada.post(f"/tickets/{ticket.number}/requester/", {"who": who})
        ticket.refresh_from_db()
        assert ticket.requester.name == "Carl Jansen"

    def test_several_or_nobody_is_said(self, ada):
        ContactFactory(name="Jan A")
        ContactFactory(name="Jan B")
        url = f"/tickets/{TicketFactory(requester=None).number}/requester/"
        assert ada.post(url, {"who": "jan"}).status_code == 422
        assert ada.post(url, {"who": "zzz"}).status_code == 404
        assert ada.post(url, {"who": " "}).status_code == 404

    def test_a_new_contact_becomes_the_requester(self, ada):
        ticket = TicketFactory(requester=None)
        facts = {"desk": ticket.desk_id, "name": "Carl Jansen", "for": f"ticket:{ticket.number}"}
        where = f"/tickets/{ticket.number}/"
        assert ada.post("/contacts/new/", facts | {"next": where})["Location"] == where
        ticket.refresh_from_db()
        assert ticket.requester == Contact.objects.get(name="Carl Jansen")

    def test_another_problem_opens_the_next_ticket_of_the_same_call(self, ada):
        call, ticket = uuid.uuid4(), TicketFactory(requester=carl())
        actions.attach_call(actor_for(ada.user), ticket, call, ticket.requester)
        where = ada.post(f"/tickets/{ticket.number}/another/", {"call_id": str(call), "subject": "Printer"})[
            "Location"
        ]
        second = Ticket.objects.get(subject="Printer")
        assert where == f"/tickets/{second.number}/"
        assert queries.tickets_of_call(call) == [ticket, second]
        ada.post(f"/tickets/{ticket.number}/another/")
        assert Ticket.objects.latest("id").requester == ticket.requester

    def test_the_page_knows_the_call_in_hand(self, ada):
        call, about, other = uuid.uuid4(), TicketFactory(), TicketFactory()
        Presence.objects.filter(user=ada.user).update(state="talking", call_id=call)
        actions.attach_call(actor_for(ada.user), about, call, about.requester)
        asked = f'name="call_id" value="{call}"'
        assert asked in ada.get(f"/tickets/{about.number}/").content.decode()
        assert asked not in ada.get(f"/tickets/{other.number}/").content.decode()

    def test_a_coach_reads_without_buttons(self):
        client = Client()
        client.force_login(person("cora", Role.COACH))
        page = client.get(f"/tickets/{TicketFactory().number}/").content.decode()
        assert "ticket-note" not in page
        assert "disabled" in page


class TestListPage:
    def test_an_empty_list_says_what_to_do(self, ada):
        assert "Nothing waits" in ada.get("/tickets/").content.decode()
        assert "No ticket fits" in ada.get("/tickets/?text=zzz").content.decode()

    def test_rows_alone_keep_what_is_chosen(self, ada):
        chosen, other = TicketFactory(), TicketFactory()
        rows = ada.get(f"/tickets/?part=rows&ticket={chosen.number}").content.decode()
        assert rows.count(" checked") == 1
        assert f"row-{other.number}" in rows
        assert "<html" not in rows

    def test_sorting_and_paging_keep_the_filter(self, ada):
        TicketFactory.create_batch(55, subject="VPN")
        page = ada.get("/tickets/?text=VPN&sort=number").content.decode()
        assert "text=VPN&amp;sort=number&amp;after=" in page
        assert ada.get("/tickets/?sort=mood").status_code == 422

    def test_a_ticket_opened_by_hand(self, ada):
        carl()
        facts = {
            "desk": DeskFactory().pk,
            "subject": "New badge",
            "requester": "C-1042",
            "body": "For Monday",
        }
        ada.post("/tickets/new/", facts)
        ticket = Ticket.objects.get()
        assert (ticket.requester.name, ticket.assignee, ticket.items.get().body) == (
            "Carl Jansen",
            User.objects.get(username="ada"),
            "For Monday",
        )
        assert ada.post("/tickets/new/", facts | {"subject": ""}).status_code == 422


class TestIncidents:
    def test_lena_declares_and_fixes_on_the_page(self):
        lena = Client()
        lena.force_login(person("lena", Role.LEAD))
        assert "No incident is open" in lena.get("/incidents/").content.decode()
        lena.post("/incidents/declare/", {"desk": DeskFactory().pk, "title": "VPN gateway Utrecht"})
        incident = Incident.objects.get()
        TicketFactory(incident=incident)
        page = lena.get("/incidents/?part=list").content.decode()
        assert "VPN gateway Utrecht" in page
        assert "1 ticket" in page
        lena.post(f"/incidents/{incident.pk}/edit/", {"title": "VPN", "workaround": "Use Berlin"})
        lena.post(f"/incidents/{incident.pk}/fix/")
        assert Incident.objects.get().workaround == "Use Berlin"
        assert "It works again" not in lena.get("/incidents/").content.decode()

    def test_an_agent_sees_it_without_buttons(self, ada):
        IncidentFactory()
        page = ada.get("/incidents/").content.decode()
        assert "VPN gateway Utrecht" in page
        assert "Declare an incident" not in page


def test_the_contacts_page_shows_the_tickets(ada):
    ticket = TicketFactory(requester=carl(), subject="VPN drops")
    assert "VPN drops" in ada.get(f"/contacts/{ticket.requester_id}/").content.decode()


def test_moments_are_shown_in_the_desks_own_time(ada):
    Desk.objects.update(timezone="Asia/Tokyo")
    ticket = TicketFactory()
    with_time = actions.add_note(actor_for(ada.user), ticket, "Log", clock=SetClock())
    page = ada.get(f"/tickets/{ticket.number}/").content.decode()
    assert with_time.at.hour == 9
    assert "18:00" in page
