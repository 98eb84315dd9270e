"""Tickets merged, split, linked and taken back over the interface, and tasks."""

from typing import Any

import pytest

from helpline.api.tests.conftest import Ask
from helpline.core.access import Role
from helpline.people.models import RoleGrant, User
from helpline.procedure.tests.story import Story
from helpline.tickets.models import StatusKind, Ticket


@pytest.fixture
def two(story: Story) -> tuple[int, int]:
    return story.ticket("VPN drops").number, story.ticket("VPN again").number


def noted(story: Story, ask: Ask, number: int, *bodies: str) -> list[dict[str, Any]]:
    for body in bodies:
        answer = ask(story.ada, "POST", f"/tickets/{number}/note", {"body": body})
    return [item for item in answer.json()["items"] if item["kind"] == "note"]


def test_two_become_one_and_two_again(story: Story, ask: Ask, two: tuple[int, int]) -> None:
    into, other = two
    noted(story, ask, other, "Since Monday.")
    merged = ask(story.ada, "POST", f"/tickets/{into}/merge", {"other": other})
    assert merged.status_code == 200
    (move,) = merged.json()["moves"]
    assert (move["kind"], move["source"], move["target"], move["undone_at"]) == ("merge", other, into, None)
    assert ask(story.ada, "GET", f"/tickets/{other}/ties").json()["merged_into"] == into
    assert "Since Monday." in {
        one["body"] for one in ask(story.ada, "GET", f"/tickets/{into}").json()["items"]
    }
    assert ask(story.ada, "POST", f"/tickets/{into}/merge", {"other": other}).status_code == 409
    back = ask(story.ada, "POST", f"/tickets/{other}/moves/{move['id']}/undo").json()
    assert back["merged_into"] is None
    assert back["moves"][0]["undone_at"] is not None
    assert ask(story.ada, "POST", f"/tickets/{other}/moves/{move['id']}/undo").status_code == 409
    assert Ticket.objects.get(number=other).status != StatusKind.CLOSED


def test_one_becomes_two(story: Story, ask: Ask, two: tuple[int, int]) -> None:
    first, second = noted(story, ask, two[0], "The VPN.", "And my printer.")
    wanted = {"item": second["id"], "subject": "Printer"}
    made = ask(story.ada, "POST", f"/tickets/{two[0]}/split", wanted)
    assert made.status_code == 201
    assert made.json()["subject"] == "Printer"
    assert [one["body"] for one in made.json()["items"] if one["kind"] == "note"] == ["And my printer."]
    assert ask(story.ada, "POST", f"/tickets/{two[0]}/split", {"item": second["id"]}).status_code == 404
    assert ask(story.ada, "POST", f"/tickets/{two[0]}/split", {"item": first["id"]}).status_code == 422


@pytest.mark.parametrize(("kind", "back"), [("related", "related"), ("child", "parent"), ("parent", "child")])
def test_links_are_seen_from_both_sides(
    story: Story, ask: Ask, two: tuple[int, int], kind: str, back: str
) -> None:
    here, there = two
    made = ask(story.ada, "POST", f"/tickets/{here}/links", {"other": there, "kind": kind})
    assert made.status_code == 201
    (link,) = made.json()["links"]
    assert (link["other"], link["kind"]) == (there, kind)
    (other,) = ask(story.ada, "GET", f"/tickets/{there}/ties").json()["links"]
    assert (other["other"], other["kind"]) == (here, back)
    assert ask(story.ada, "DELETE", f"/tickets/{there}/links/{link['id']}").json()["links"] == []
    assert ask(story.ada, "DELETE", f"/tickets/{there}/links/{link['id']}").status_code == 404


def test_a_task_is_done_and_taken_up_again(story: Story, ask: Ask, two: tuple[int, int]) -> None:
    new = {"text": "Order a cable", "due_at": "2026-02-01T10:00:00+01:00", "assignee": "sven"}
    made = ask(story.ada, "POST", f"/tickets/{two[0]}/tasks", new)
    assert made.status_code == 201
    (task,) = made.json()["tasks"]
    assert (task["text"], task["assignee"], task["done_at"]) == ("Order a cable", "sven", None)
    assert task["due_at"].startswith("2026-02-01T09:00:00")
    done = f"/tickets/{two[0]}/tasks/{task['id']}/done"
    assert ask(story.ada, "POST", done, {}).json()["tasks"][0]["done_at"] is not None
    assert ask(story.ada, "POST", done, {}).status_code == 409
    assert ask(story.ada, "POST", done, {"done": False}).json()["tasks"][0]["done_at"] is None
    naive = {"text": "x", "due_at": "2026-02-01T10:00:00"}
    assert ask(story.ada, "POST", f"/tickets/{two[0]}/tasks", naive).status_code == 422
    assert ask(story.ada, "POST", f"/tickets/{two[1]}/tasks/{task['id']}/done", {}).status_code == 404


#: role -> what reading the ties gives, and what every change gives
ROLES = {
    "agent": (200, 201),
    "specialist": (200, 201),
    "lead": (200, 201),
    "coach": (200, 403),
    "manager": (200, 403),
    "phone_admin": (404, 404),
    "desk_admin": (200, 403),
    "stranger": (404, 404),
}


@pytest.mark.parametrize("role", ROLES)
def test_permission_table(story: Story, ask: Ask, two: tuple[int, int], role: str) -> None:
    read, write = ROLES[role]
    user = User.objects.create(username=role)
    desk, held = (story.globex, Role.LEAD) if role == "stranger" else (story.acme, Role(role))
    RoleGrant.objects.create(user=user, desk=desk, role=held)
    here, there = two
    second = noted(story, ask, here, "One.", "Two.")[1]
    linked = ask(story.ada, "POST", f"/tickets/{here}/links", {"other": there}).json()["links"][0]
    task = ask(story.ada, "POST", f"/tickets/{here}/tasks", {"text": "x"}).json()["tasks"][0]
    assert ask(user, "GET", f"/tickets/{here}/ties").status_code == read
    given: list[tuple[str, str, Any, int]] = [
        ("POST", "tasks", {"text": "y"}, 201),
        ("POST", f"tasks/{task['id']}/done", {}, 200),
        ("DELETE", f"links/{linked['id']}", None, 200),
        ("POST", "links", {"other": there}, 201),
        ("POST", "split", {"item": second["id"]}, 201),
        ("POST", "merge", {"other": there}, 200),
    ]
    for method, path, body, well in given:
        wanted = well if write == 201 else write
        assert ask(user, method, f"/tickets/{here}/{path}", body).status_code == wanted, path
    if write != 201:
        ask(story.ada, "POST", f"/tickets/{here}/merge", {"other": there})
    move = ask(story.ada, "GET", f"/tickets/{there}/ties").json()["moves"][-1]
    undone = ask(user, "POST", f"/tickets/{here}/moves/{move['id']}/undo").status_code
    assert undone == (200 if write == 201 else write)
