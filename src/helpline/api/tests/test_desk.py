"""Tickets, agents, queues and the front-end message over the interface; and its description."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from helpline.acd.models import EntryPoint, QueueEntry
from helpline.api.interface import api
from helpline.api.tests.conftest import Ask, Phone
from helpline.core import heartbeat
from helpline.core.access import SYSTEM, Role
from helpline.people.models import Presence, RoleGrant, User
from helpline.procedure.tests.story import Story
from helpline.tickets import actions as ticket_actions
from helpline.tickets.models import Item, ItemKind, Ticket
from helpline.tickets.search import index


def test_a_ticket_is_opened_changed_and_noted(story: Story, ask: Ask) -> None:
    new = {
        "desk": "acme",
        "subject": "VPN drops",
        "requester_id": story.carl.pk,
        "category": "Network",
        "priority": "critical",
        "body": "Since Monday.",
    }
    made = ask(story.ada, "POST", "/tickets", new)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["category"], shown["priority"], shown["requester"]) == (
        "Network",
        "critical",
        "Carl Jansen",
    )
    assert [item["body"] for item in shown["items"]] == ["Since Monday."]
    number = shown["id"]
    changes = {
        "status": "waiting_customer",
        "team": "network",
        "assignee": "sven",
        "tier": 2,
        "category": None,
    }
    changed = ask(story.ada, "PATCH", f"/tickets/{number}", changes).json()
    assert {name: changed[name] for name in changes} == changes
    assert changed["subject"] == "VPN drops"
    assert changed["items"][-1]["kind"] == "change"
    noted = ask(story.ada, "POST", f"/tickets/{number}/note", {"body": "Gateway is fine."})
    assert noted.status_code == 201
    assert Item.objects.filter(kind=ItemKind.NOTE, ticket__number=number).count() == 2
    assert ask(story.ada, "GET", f"/tickets/{number}").json()["items"] == noted.json()["items"]


def test_the_list_of_tickets_narrows_and_pages(story: Story, ask: Ask) -> None:
    for number in range(5):
        story.clock.advance(1)
        story.ticket(f"Ticket {number}")
    story.ticket("Theirs", desk=story.globex, requester=None, category=None)
    first = ask(story.ada, "GET", "/tickets?limit=3").json()
    rest = ask(story.ada, "GET", f"/tickets?limit=3&after={first['after'].replace('+', '%2B')}").json()
    assert [row["subject"] for row in first["items"] + rest["items"]] == [
        f"Ticket {n}" for n in (4, 3, 2, 1, 0)
    ]
    assert rest["after"] == ""
    index.refresh(list(Ticket.objects.values_list("pk", flat=True)))
    found = ask(story.ada, "GET", "/tickets?text=Ticket%203").json()["items"]
    assert [row["subject"] for row in found] == ["Ticket 3"]
    assert ask(story.ada, "GET", "/tickets?sort=luck").status_code == 422
    with CaptureQueriesContext(connection) as spent:
        ask(story.ada, "GET", "/tickets")
    assert len(spent) <= 6


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"status": "eaten"}, 422),
        ({"priority": "none"}, 422),
        ({"priority": None}, 422),
        ({"team": "globex-team"}, 422),
        ({"assignee": "greta"}, 404),
        ({"category": "Shop"}, 422),
        ({"requester_id": 999999}, 404),
        ({"incident": 999999}, 404),
        ({"tier": 12}, 422),
        ({"subject": "  "}, 422),
        ({"colour": "red"}, 422),
        ("nonsense", 422),
    ],
)
def test_what_does_not_fit_changes_nothing(story: Story, ask: Ask, change: Any, status: int) -> None:
    ticket = story.ticket()
    before = Ticket.objects.filter(pk=ticket.pk).values().get()
    answer = ask(story.ada, "PATCH", f"/tickets/{ticket.number}", change)
    assert answer.status_code == status, answer.content
    assert set(answer.json()) == {"code", "message", "help"}
    assert Ticket.objects.filter(pk=ticket.pk).values().get() == before


def test_while_the_caller_is_there_solving_needs_the_closing(story: Story, ask: Ask) -> None:
    ticket = story.run().ticket
    assert ticket is not None
    refused = ask(story.ada, "PATCH", f"/tickets/{ticket.number}", {"status": "solved"})
    assert (refused.status_code, refused.json()["code"]) == (409, "gate_shut")
    assert refused.json()["help"]
    Presence.objects.filter(user=story.ada).update(call_id=None)
    assert (
        ask(story.ada, "PATCH", f"/tickets/{ticket.number}", {"status": "solved"}).json()["status"]
        == "solved"
    )


def test_unknown_and_foreign_tickets_look_the_same(story: Story, ask: Ask) -> None:
    theirs = story.ticket("Theirs", desk=story.globex, requester=None, category=None)
    for number in (theirs.number, 987654):
        assert ask(story.ada, "GET", f"/tickets/{number}").status_code == 404
        assert ask(story.ada, "PATCH", f"/tickets/{number}", {"subject": "x"}).status_code == 404
        assert ask(story.ada, "POST", f"/tickets/{number}/note", {"body": "x"}).status_code == 404
    assert ask(story.ada, "POST", "/tickets", {"desk": "globex", "subject": "x"}).status_code == 422


def test_agents_show_what_they_do(story: Story, ask: Ask) -> None:
    Presence.objects.filter(user=story.ada).update(state="available", phone_ready_at=story.clock.now())
    shown = {row["name"]: row for row in ask(story.ben, "GET", "/agents").json()["items"]}
    assert set(shown) == {"ada", "ben", "sven", "lena"}
    assert (shown["ada"]["state"], shown["ada"]["phone_registered"]) == ("available", True)
    assert (shown["ben"]["state"], shown["ben"]["phone_registered"]) == ("offline", False)


def test_a_telephone_the_switch_knows_counts_as_registered(story: Story, ask: Ask) -> None:
    heartbeat.beat("acd", {"phones": ["ben"]})
    shown = {row["name"]: row["phone_registered"] for row in ask(story.ben, "GET", "/agents").json()["items"]}
    assert shown == {"ada": False, "ben": True, "sven": False, "lena": False}


@pytest.mark.parametrize(
    ("who", "whose", "status"),
    [
        ("ada", "ada", 200),
        ("lena", "ada", 200),
        ("ben", "ada", 403),
        ("ada", "lena", 403),
        ("greta", "ada", 404),
        ("ada", "nobody", 404),
    ],
)
def test_a_state_is_changed_by_its_owner_or_their_lead(
    story: Story, ask: Ask, phone: Phone, who: str, whose: str, status: int
) -> None:
    wish = {"state": "busy", "reason": "lunch"}
    answer = ask(getattr(story, who), "POST", f"/agents/{whose}/state", wish)
    assert answer.status_code == status
    assert [command.args for command in phone.asked] == ([{"user": whose, **wish}] if status == 200 else [])


def test_nobody_wishes_to_ring(story: Story, ask: Ask, phone: Phone) -> None:
    assert ask(story.ada, "POST", "/agents/ada/state", {"state": "ringing"}).status_code == 422


def test_queues_count_who_waits(story: Story, ask: Ask) -> None:
    call = story.call()
    QueueEntry.objects.create(call=call, queue=story.vpn, entered_at=story.clock.now())
    (row,) = ask(story.ada, "GET", "/queues").json()["items"]
    assert (row["key"], row["desk"], row["waiting"]) == ("vpn", "acme", 1)
    assert ask(story.greta, "GET", "/queues").json()["items"] == []


def test_the_front_end_message_is_switched_by_those_who_lead(story: Story, ask: Ask, phone: Phone) -> None:
    EntryPoint.objects.create(desk=story.acme, number="100", name="Acme", queue=story.vpn)
    on = {"on": True, "text": "The VPN is down.", "desk": "acme"}
    assert ask(story.ada, "POST", "/front-end-message", on).status_code == 403
    assert ask(story.lena, "POST", "/front-end-message", on | {"desk": "globex"}).status_code == 422
    assert phone.asked == []
    assert ask(story.lena, "POST", "/front-end-message", on).json() == {
        "done": True,
        "result": {"said": "yes"},
    }
    assert (
        ask(story.lena, "POST", "/front-end-message", {"on": False, "entry_point": "100"}).status_code == 200
    )
    assert [command.args.get("desk") or command.args["entry_point"] for command in phone.asked] == [
        "acme",
        "100",
    ]


#: role -> what reading calls, opening a ticket, and switching the message give
ROLES = {
    "agent": (200, 201, 403),
    "specialist": (200, 201, 403),
    "lead": (200, 201, 200),
    "coach": (200, 403, 403),
    "manager": (200, 403, 403),
    "phone_admin": (200, 403, 200),
    "desk_admin": (200, 403, 200),
}


@pytest.mark.parametrize("role", ROLES)
def test_permission_table(story: Story, ask: Ask, phone: Phone, role: str) -> None:
    read, write, switch = ROLES[role]
    user = User.objects.create(username=role)
    RoleGrant.objects.create(user=user, desk=story.acme, role=Role(role))
    call = story.call(story.ada)
    for path in ("/calls", f"/calls/{call.pk}", "/tickets", "/agents", "/queues"):
        assert ask(user, "GET", path).status_code == read, path
    assert ask(user, "POST", "/tickets", {"desk": "acme", "subject": "x"}).status_code == write
    acted = ask(user, "POST", f"/calls/{call.pk}/hangup").status_code
    assert acted == (200 if role == "lead" else 403)
    assert ask(user, "POST", "/agents/ada/state", {"state": "offline"}).status_code == acted
    on = {"on": True, "text": "Down.", "desk": "acme"}
    assert ask(user, "POST", "/front-end-message", on).status_code == switch


def test_every_address_is_described_and_asks_for_a_token(story: Story, ask: Ask) -> None:
    described = ask(None, "GET", "/openapi.json").json()
    served = {(path, method) for path, operations in described["paths"].items() for method in operations}
    known = set()
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                known |= {(f"/api/v1{prefix}{path}", method.lower()) for method in operation.methods}
    assert served == known
    assert len(served) == 14 + 2 + 5 + 2 + 2 + 4 + 5 + 8
    for path, method in served:
        operation = described["paths"][path][method]
        assert operation["security"], path
        assert {"400", "401", "403", "404", "409", "422", "503"} <= set(operation["responses"]), path
        assert operation["summary"]
        bare = (
            path.removeprefix("/api/v1")
            .replace("{call_id}", "x")
            .replace("{number}", "1")
            .replace("{name}", "ada")
            .replace("{inbound_id}", "x")
            .replace("{outbound_id}", "x")
            .replace("{move_id}", "1")
            .replace("{link_id}", "1")
            .replace("{task_id}", "1")
        )
        assert ask(None, method.upper(), bare, {}).status_code == 401, path


def test_the_shapes_described_are_the_shapes_given(story: Story, ask: Ask) -> None:
    call = story.run().call
    described = ask(None, "GET", "/openapi.json").json()["components"]["schemas"]
    assert set(described["Call"]["properties"]) == set(ask(story.ada, "GET", f"/calls/{call.pk}").json())
    line = ask(story.ada, "GET", "/calls").json()["items"][0]
    assert set(described["CallLine"]["properties"]) == set(line)
    agent = ask(story.ada, "GET", "/agents").json()["items"][0]
    assert set(described["Agent"]["properties"]) == set(agent)


def test_there_are_no_docs_from_a_foreign_place(story: Story) -> None:
    assert not [name for name in get_resolver("helpline.api.urls").reverse_dict if name == "openapi-view"]


def test_tags_statuses_and_urgency_of_a_ticket(story: Story, ask: Ask) -> None:
    printer = ticket_actions.create_tag(SYSTEM, story.acme, "Printer")
    ticket_actions.create_tag(SYSTEM, story.acme, "Toner", parent=printer)
    ticket_actions.create_status(SYSTEM, "With the supplier", "waiting_third")
    ticket_actions.give_matrix(ticket_actions.give_priorities())
    new = {
        "desk": "acme",
        "subject": "Nobody prints",
        "impact": "site",
        "urgency": "stops",
        "tags": ["Printer"],
    }
    made = ask(story.ada, "POST", "/tickets", new)
    assert made.status_code == 201
    told = made.json()
    assert (told["priority"], told["tags"], told["own_status"]) == ("outage", ["Printer"], None)

    path = f"/tickets/{told['id']}"
    change = {"status": "with-the-supplier", "urgency": "wait", "tags": ["Printer > Toner"]}
    told = ask(story.ada, "PATCH", path, change).json()
    known = {
        name: told[name] for name in ("status", "own_status", "status_label", "priority", "tags", "urgency")
    }
    assert known == {
        "status": "waiting_third",
        "own_status": "with-the-supplier",
        "status_label": "With the supplier",
        "priority": "regular",
        "tags": ["Printer > Toner"],
        "urgency": "wait",
    }
    for query in (f"tag={printer.pk}", "status=with-the-supplier"):
        assert [one["id"] for one in ask(story.ada, "GET", f"/tickets?{query}").json()["items"]] == [
            told["id"]
        ]
    assert ask(story.ada, "PATCH", path, {"tags": None}).json()["tags"] == []


def test_a_change_with_a_word_that_is_no_tag_changes_nothing(story: Story, ask: Ask) -> None:
    ticket = story.ticket()
    refused = ask(story.ada, "PATCH", f"/tickets/{ticket.number}", {"subject": "New", "tags": ["gone"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "tag")
    assert Ticket.objects.get(pk=ticket.pk).subject == ticket.subject
    assert ask(story.ada, "PATCH", f"/tickets/{ticket.number}", {"impact": "huge"}).status_code == 422
