"""The ledger of mail over the interface."""

from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpline.api.tests.conftest import Ask
from helpline.core.access import Role
from helpline.mail import store
from helpline.mail.models import Inbound, Mailbox, Verdict
from helpline.mail.tests.factories import MailboxFactory, arrive, mail
from helpline.people.models import RoleGrant, User
from helpline.procedure.tests.story import Story
from helpline.tickets.tests.factories import PriorityFactory

QUOTED = "It is the one on floor 3.\n\nOn Mon, 5 Jan 2026 at 09:00, Helpdesk <support@desk.example> wrote:\n> Which printer?\n"


@pytest.fixture
def support(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    monkeypatch.setattr(store, "_folder", lambda: tmp_path / "store")
    PriorityFactory()
    return MailboxFactory(desk=story.acme)


def test_a_message_says_what_became_of_it(story: Story, ask: Ask, support: Mailbox) -> None:
    content = bytes(range(256))
    first = arrive(support, mail(files=(("photo.jpg", content),)), story.clock)
    reply = mail(QUOTED, message_id="<2@acme.example>", answers="<first@acme.example>", subject="Re: Printer")
    row = arrive(support, reply, story.clock)
    shown = ask(story.ada, "GET", f"/inbound/{row.pk}").json()
    assert first.ticket is not None
    assert {
        name: shown[name] for name in ("mailbox", "verdict", "joined_by", "ticket", "from", "subject")
    } == {
        "mailbox": "support",
        "verdict": "reply",
        "joined_by": "ancestor",
        "ticket": first.ticket.number,
        "from": "carl@acme.example",
        "subject": "Re: Printer",
    }
    assert (shown["message_id"], shown["machine"], shown["bounce"]) == ("<2@acme.example>", None, None)
    assert shown["text"] == "It is the one on floor 3."
    assert "> Which printer?" in shown["quoted"]
    carried = ask(story.ada, "GET", f"/inbound/{first.pk}").json()["attachments"]
    assert [(one["name"], one["size"]) for one in carried] == [("photo.jpg", 256)]
    assert store.read(carried[0]["sha256"]) == content


def test_the_raw_message_is_what_came_in(story: Story, ask: Ask, support: Mailbox) -> None:
    row = arrive(support, mail(), story.clock)
    shown = ask(story.ada, "GET", f"/inbound/{row.pk}").json()
    answer = ask(story.ada, "GET", shown["raw"].partition("/api/v1")[2])
    assert b"".join(answer.streaming_content) == mail()
    Inbound.objects.update(raw_erased_at=story.clock.now())
    assert ask(story.ada, "GET", f"/inbound/{row.pk}").json()["raw"] is None
    assert ask(story.ada, "GET", f"/inbound/{row.pk}/raw").status_code == 404


def test_the_ledger_narrows_and_pages(story: Story, ask: Ask, support: Mailbox) -> None:
    for number in range(5):
        arrive(
            support, mail(f"Mail {number}", message_id=f"<{number}@a>", subject=f"No {number}"), story.clock
        )
    arrive(support, mail("Mail 4", message_id="<4@a>", subject="No 4"), story.clock)
    first = ask(story.ada, "GET", "/inbound?limit=4").json()
    rest = ask(story.ada, "GET", f"/inbound?limit=4&after={first['after']}").json()
    assert [row["subject"] for row in first["items"] + rest["items"]] == [
        f"No {number}" for number in (4, 4, 3, 2, 1, 0)
    ]
    assert rest["after"] == ""
    for narrow, count in {
        "verdict=duplicate": 1,
        "verdict=ticket": 5,
        "mailbox=support": 6,
        "mailbox=other": 0,
        f"message_id={quote('<3@a>')}": 1,
        "from=carl%40acme.example": 6,
        "text=No%202": 1,
        f"ticket={rest['items'][-1]['ticket']}": 1,
    }.items():
        assert len(ask(story.ada, "GET", f"/inbound?{narrow}").json()["items"]) == count, narrow
    assert ask(story.ada, "GET", "/inbound?after=x").status_code == 422
    assert ask(story.ada, "GET", "/inbound?verdict=eaten").status_code == 422
    with CaptureQueriesContext(connection) as spent:
        ask(story.ada, "GET", "/inbound")
    assert len(spent) <= 6


@pytest.mark.parametrize("role", list(Role))
def test_who_reads_the_ledger(story: Story, ask: Ask, support: Mailbox, role: Role) -> None:
    row = arrive(support, mail(sender=""), story.clock)
    user = User.objects.create(username="somebody")
    RoleGrant.objects.create(user=user, desk=story.acme, role=role)
    reads = role is not Role.PHONE_ADMIN
    assert len(ask(user, "GET", "/inbound").json()["items"]) == reads
    for path in (f"/inbound/{row.pk}", f"/inbound/{row.pk}/raw"):
        assert ask(user, "GET", path).status_code == (200 if reads else 404)
    replay = ask(user, "POST", f"/inbound/{row.pk}/replay").status_code
    assert replay == (202 if role in {Role.LEAD, Role.DESK_ADMIN} else 403 if reads else 404)


def test_nothing_of_another_desk(story: Story, ask: Ask, support: Mailbox) -> None:
    row = arrive(support, mail(sender=""), story.clock)
    assert ask(story.greta, "GET", "/inbound").json()["items"] == []
    for method, path in (("GET", ""), ("GET", "/raw"), ("POST", "/replay")):
        assert ask(story.greta, method, f"/inbound/{row.pk}{path}").status_code == 404
    assert Inbound.objects.get().verdict == Verdict.PARKED


def test_the_shape_described_is_the_shape_given(story: Story, ask: Ask, support: Mailbox) -> None:
    row = arrive(support, mail(), story.clock)
    described = ask(None, "GET", "/openapi.json").json()["components"]["schemas"]
    assert set(described["Inbound"]["properties"]) == set(ask(story.ada, "GET", f"/inbound/{row.pk}").json())
