"""Answers over the interface, and what became of them."""

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from helpline.api.tests.conftest import Ask
from helpline.core.access import SYSTEM, Role
from helpline.mail import store
from helpline.mail.models import Inbound, Mailbox, Outbound
from helpline.mail.outgoing import sending
from helpline.mail.tests.factories import MailboxFactory, arrive, mail
from helpline.people.models import RoleGrant, User
from helpline.people.tests.factories import DeskFactory, UserFactory
from helpline.procedure.tests.story import Story
from helpline.tickets import actions as tickets
from helpline.tickets.tests.factories import PriorityFactory


@pytest.fixture
def support(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    monkeypatch.setattr(store, "_folder", lambda: tmp_path / "store")
    PriorityFactory()
    return MailboxFactory(desk=story.acme)


@pytest.fixture
def row(story: Story, support: Mailbox) -> Inbound:
    return arrive(support, mail(), story.clock)


def test_ada_answers_and_sees_how_it_went(story: Story, ask: Ask, row: Inbound) -> None:
    assert row.ticket is not None
    number = row.ticket.number
    body = {
        "html": "<p>Use <b>water</b>.</p>",
        "cc": ["Eva <eva@acme.example>"],
        "attachments": [{"name": "plan.pdf", "content": base64.b64encode(b"%PDF").decode()}],
        "status": "waiting_customer",
    }
    answer = ask(story.ada, "POST", f"/tickets/{number}/reply", body)
    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["state"], shown["kind"], shown["to"]) == ("queued", "reply", ["carl@acme.example"])
    assert (shown["in_reply_to"], shown["subject"]) == ("<first@acme.example>", "Re: Printer")
    assert [one["name"] for one in shown["attachments"]] == ["plan.pdf"]
    assert ask(story.ada, "GET", f"/tickets/{number}").json()["status"] == "waiting_customer"
    sending.send(Outbound.objects.get().pk)
    after = ask(story.ada, "GET", f"/outbound/{shown['id']}").json()
    assert (after["state"], after["code"]) == ("sent", "folder")
    assert [one["state"] for one in after["recipients"]] == ["sent", "sent"]


def test_the_ticket_is_then_what_the_company_calls_it(story: Story, ask: Ask, row: Inbound) -> None:
    assert row.ticket is not None
    own = tickets.create_status(SYSTEM, "Parts ordered", "waiting_third")
    answer = ask(story.ada, "POST", f"/tickets/{row.ticket.number}/reply", {"text": "x", "status": own.key})
    assert answer.status_code == 201
    shown = ask(story.ada, "GET", f"/tickets/{row.ticket.number}").json()
    assert (shown["status"], shown["status_label"]) == ("waiting_third", "Parts ordered")


def test_a_held_answer_is_taken_back(story: Story, ask: Ask, row: Inbound) -> None:
    assert row.ticket is not None
    body = {"text": "Wait", "hold_s": 60}
    shown = ask(story.ada, "POST", f"/tickets/{row.ticket.number}/reply", body).json()
    assert shown["state"] == "held"
    assert ask(story.ada, "POST", f"/outbound/{shown['id']}/undo").json()["state"] == "undone"
    again = ask(story.ada, "POST", f"/outbound/{shown['id']}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "left")
    assert ask(story.ada, "POST", f"/outbound/{shown['id']}/resend").status_code == 409


def test_the_list_narrows_and_pages(story: Story, ask: Ask, row: Inbound) -> None:
    assert row.ticket is not None
    path = f"/tickets/{row.ticket.number}/reply"
    for number in range(3):
        ask(story.ada, "POST", path, {"text": f"{number}", "subject": f"No {number}"})
    ask(story.ada, "POST", path, {"text": "x", "to": ["v@fix.example"], "kind": "forward"})
    first = ask(story.ada, "GET", "/outbound?limit=3").json()
    rest = ask(story.ada, "GET", f"/outbound?limit=3&after={first['after']}").json()
    subjects = [one["subject"] for one in first["items"] + rest["items"]]
    assert subjects == ["Fwd: Printer", "No 2", "No 1", "No 0"]
    assert rest["after"] == ""
    own = quote(first["items"][0]["message_id"])
    for narrow, count in {
        "to=V@fix.example": 1,
        "kind=forward": 1,
        "kind=auto_reply": 0,
        "state=queued": 4,
        "state=sent": 0,
        "in_reply_to=%3Cfirst@acme.example%3E": 3,
        "in_reply_to=first@acme.example": 3,
        "in_reply_to=other@x": 0,
        f"message_id={own}": 1,
        f"ticket={row.ticket.number}": 4,
        "mailbox=support": 4,
        "mailbox=other": 0,
        "code=550": 0,
        "text=no+1": 1,
        "since=2020-01-01T00:00:00Z": 4,
    }.items():
        assert len(ask(story.ada, "GET", f"/outbound?{narrow}").json()["items"]) == count, narrow
    assert ask(story.ada, "GET", "/outbound?after=x").status_code == 422
    assert ask(story.ada, "GET", "/outbound?kind=letter").status_code == 422


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": " "}, "empty"),
        ({"text": "x", "to": ["nobody"]}, "address"),
        ({"text": "x", "to": ["support@desk.example"]}, "no_recipient"),
        ({"text": "x", "in_reply_to": "<other@x>"}, "in_reply_to"),
        ({"text": "x", "attachments": [{"name": "a", "content": "%%"}]}, "base64"),
        ({"text": "x", "kind": "auto_reply"}, "invalid"),
        ({"text": "x", "status": "gone"}, "status"),
        ({"text": "x", "bcc": ["a@b.example"]}, "invalid"),
    ],
)
def test_what_cannot_be_sent_says_why(
    story: Story, ask: Ask, row: Inbound, body: dict[str, object], code: str
) -> None:
    assert row.ticket is not None
    answer = ask(story.ada, "POST", f"/tickets/{row.ticket.number}/reply", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


READERS = {Role.AGENT, Role.SPECIALIST, Role.LEAD, Role.COACH, Role.DESK_ADMIN, Role.MANAGER}
WRITERS = {Role.AGENT, Role.SPECIALIST, Role.LEAD}


@pytest.mark.parametrize("role", list(Role))
def test_who_may_do_what(story: Story, ask: Ask, row: Inbound, role: Role) -> None:
    assert row.ticket is not None
    path = f"/tickets/{row.ticket.number}/reply"
    made = ask(story.ada, "POST", path, {"text": "x", "hold_s": 60}).json()
    who: User = UserFactory()
    RoleGrant.objects.create(user=who, desk=story.acme, role=role)
    assert ask(who, "POST", path, {"text": "x"}).status_code == (
        201 if role in WRITERS else 403 if role in READERS else 404
    )
    assert ask(who, "GET", f"/outbound/{made['id']}").status_code == (200 if role in READERS else 404)
    assert bool(ask(who, "GET", "/outbound").json()["items"]) == (role in READERS)
    undone = ask(who, "POST", f"/outbound/{made['id']}/undo").status_code
    assert undone == (200 if role == Role.LEAD else 403 if role in READERS else 404)
    stranger: User = UserFactory(roles=[(DeskFactory(key="globex"), each) for each in Role])
    assert ask(stranger, "GET", f"/outbound/{made['id']}").status_code == 404
    assert ask(stranger, "POST", path, {"text": "x"}).status_code == 404
    assert ask(None, "GET", "/outbound").status_code == 401
