"""Gates: nothing sensitive for a stranger, no end without an honest word."""

from datetime import timedelta
from typing import Any

import pytest

from helpline.acd import hooks
from helpline.core import registry
from helpline.core.errors import Conflict, Invalid, NotAllowed, NotFound
from helpline.core.models import AuditRow
from helpline.customers.models import Contact
from helpline.knowledge.models import Article
from helpline.people.models import Presence
from helpline.procedure import actions, gates, queries
from helpline.procedure.gates import GateShut
from helpline.procedure.models import CallRun
from helpline.procedure.tests.story import Story
from helpline.telephony.models import Call, CallState
from helpline.tickets.models import Incident, Item, ItemKind, Promise, StatusKind, Ticket


def closing(story: Story, **changes: Any) -> dict[str, Any]:
    usual = {
        "ticket_told": True,
        "next_steps": "A specialist calls you.",
        "due_at": story.clock.now() + timedelta(hours=4),
    }
    return usual | changes


def hang_up(story: Story, run: CallRun) -> None:
    """The call ends and Ada's wrap-up is over."""
    Call.objects.filter(pk=run.call_id).update(state=CallState.ENDED)
    registry.announce("call_wrapped_up", call=run.call, user=story.ada, clock=story.clock)


def test_a_licence_is_shown_only_to_a_caller_who_proved_who_they_are(story: Story) -> None:
    run, ada, asset = story.run(), story.actor(story.ada), story.asset()
    with pytest.raises(GateShut, match="identity") as shut:
        actions.reveal_licence(ada, run, asset.pk)
    assert "Prove" in str(shut.value.help)
    actions.pass_gate(ada, run, "identity", "user_id_and_birthday", clock=story.clock)
    assert actions.reveal_licence(ada, run, asset.pk, clock=story.clock).licence == "OFFICE-4711"
    kept = AuditRow.objects.get(verb="reveal_licence")
    assert kept.changes == {"act": "reveal_licence", "asset": "A-2231"}
    with pytest.raises(GateShut):
        actions.require_gate(story.call(story.ben), "identity")


def test_only_the_callers_own_licence_is_shown(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    actions.pass_gate(ada, run, "identity", "callback", clock=story.clock)
    dora = Contact.objects.create(desk=story.acme, name="Dora", created_at=story.clock.now())
    theirs = story.asset(contact=dora, tag="A-1")
    nobodys = story.asset(contact=None, tag="A-2")
    ours = story.asset(contact=None, organisation=story.carl.organisation, tag="A-3")
    for asset in (theirs, nobodys):
        with pytest.raises(NotFound):
            actions.reveal_licence(ada, run, asset.pk)
    assert actions.reveal_licence(ada, run, ours.pk) == ours


def test_nobody_unknown_proves_who_they_are(story: Story) -> None:
    run = story.run(contact=None)
    with pytest.raises(GateShut, match="who calls"):
        actions.pass_gate(story.actor(story.ada), run, "identity", "callback")


@pytest.mark.parametrize(
    ("gate", "how"), [("identity", "a_feeling"), ("heaven", "solved"), ("closing", "tired")]
)
def test_there_are_only_the_ways_of_the_procedure(story: Story, gate: str, how: str) -> None:
    with pytest.raises(Invalid):
        actions.pass_gate(story.actor(story.ada), story.run(), gate, how)


def test_a_gate_is_passed_once(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    first = actions.pass_gate(ada, run, "identity", "callback", clock=story.clock)
    again = actions.pass_gate(ada, run, "identity", "asset_and_manager", clock=story.clock)
    assert again == first
    assert again.how == "callback"


def test_solved_is_what_the_caller_confirms(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    actions.set_answer(ada, run, "story", "The VPN drops.", clock=story.clock)
    actions.set_answer(ada, run, "done", "New profile.", clock=story.clock)
    with pytest.raises(GateShut):
        actions.pass_gate(ada, run, "closing", "solved", validated=False)
    actions.pass_gate(ada, run, "closing", "solved", validated=True, clock=story.clock)
    ticket = Ticket.objects.get(pk=run.ticket_id)
    assert ticket.status == StatusKind.SOLVED
    note = Item.objects.get(ticket=ticket, kind=ItemKind.NOTE)
    assert note.body == "What the caller says and wants:\nThe VPN drops.\n\nWhat was done:\nNew profile."
    actions.close_run(ada, run, clock=story.clock)
    assert (run.closing, run.closed_at) == ("solved", story.clock.now())
    assert not run.step_times.filter(ended_at=None).exists()


def test_a_promise_names_steps_and_an_honest_time(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    now = story.clock.now()
    for missing in (
        {"ticket_told": False},
        {"next_steps": "  "},
        {"next_steps": "x" * 251},
        {"due_at": None},
        {"due_at": "tomorrow"},
        {"due_at": now.replace(tzinfo=None) + timedelta(days=1)},
        {"due_at": now},
        {"due_at": now - timedelta(minutes=1)},
    ):
        with pytest.raises(GateShut) as shut:
            actions.pass_gate(
                ada, run, "closing", "next_steps_told", clock=story.clock, **closing(story, **missing)
            )
        assert shut.value.help
    assert not Promise.objects.exists()
    actions.pass_gate(ada, run, "closing", "next_steps_told", clock=story.clock, **closing(story))
    promise = Promise.objects.get()
    assert (promise.what, promise.due_at) == ("A specialist calls you.", now + timedelta(hours=4))
    assert promise.call_id == run.call_id
    actions.close_run(ada, run, clock=story.clock)
    assert run.closing == "unsolved"


def test_a_call_is_complete_when_each_of_its_tickets_is_closed(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    first = run.ticket
    assert first is not None
    with pytest.raises(GateShut, match=str(first.number)):
        actions.close_run(ada, run)
    actions.pass_gate(ada, run, "closing", "solved", validated=True, clock=story.clock)
    actions.another_problem(ada, run, clock=story.clock)
    second = run.ticket
    assert second is not None
    with pytest.raises(GateShut, match=str(second.number)):
        actions.close_run(ada, run)
    actions.pass_gate(ada, run, "closing", "next_steps_told", clock=story.clock, **closing(story))
    actions.close_run(ada, run, clock=story.clock)
    assert run.closing == "unsolved"
    with pytest.raises(Conflict) as over:
        actions.set_answer(ada, run, "greeted", True)
    assert over.value.code == "run_closed"


def test_while_the_caller_is_there_solving_needs_the_closing(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    ticket = run.ticket
    assert ticket is not None
    with pytest.raises(GateShut):
        gates.guard_solving(actor=ada, ticket=ticket, changes={"status": "solved"})
    gates.guard_solving(actor=ada, ticket=ticket, changes={"status": "open"})
    gates.guard_solving(actor=story.actor(story.ben), ticket=ticket, changes={"status": "solved"})
    Presence.objects.filter(user=story.ada).update(call_id=None)
    gates.guard_solving(actor=ada, ticket=ticket, changes={"status": "solved"})


def test_hanging_up_is_never_held_up_and_the_record_shows_what_is_open(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    actions.set_answer(ada, run, "story", "It drops.", clock=story.clock)
    hang_up(story, run)
    run.refresh_from_db()
    assert run.closed_at is None
    assert run.ticket is not None
    record = queries.record_of(run.call_id, clock=story.clock)
    assert record is not None
    assert (record.closing, record.open_tickets) == ("", (run.ticket.number,))
    assert Item.objects.filter(kind=ItemKind.NOTE).count() == 1
    assert not run.step_times.filter(ended_at=None).exists()


def test_adas_wrap_up_does_not_end_what_sven_goes_on_with(story: Story) -> None:
    run = story.run()
    registry.announce("call_passed_on", call=run.call, user=story.sven, clock=story.clock)
    registry.announce("call_wrapped_up", call=run.call, user=story.ada, clock=story.clock)
    assert run.step_times.get(ended_at=None).user == story.sven


def test_a_properly_closed_call_is_complete_with_the_wrap_up(story: Story) -> None:
    run = story.run()
    actions.pass_gate(story.actor(story.ada), run, "closing", "solved", validated=True, clock=story.clock)
    hang_up(story, run)
    run.refresh_from_db()
    assert run.closing == "solved"


def test_a_desk_without_priorities_still_takes_the_call(story: Story) -> None:
    from helpline.tickets.models import Priority

    Priority.objects.all().delete()
    call = story.call(story.ada)
    hooks.tell("call_answered", call=call, user=story.ada, clock=story.clock)
    assert not Ticket.objects.exists()


def test_a_caller_joins_the_incident_that_hits_them(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    outage = Incident.objects.create(desk=story.acme, title="VPN is down", declared_at=story.clock.now())
    theirs = Incident.objects.create(desk=story.globex, title="Shop is down", declared_at=story.clock.now())
    actions.join_incident(ada, run, outage.pk, clock=story.clock)
    assert Ticket.objects.get(pk=run.ticket_id).incident == outage
    join = outage.joins.get()
    assert (join.contact, join.call_id) == (story.carl, run.call_id)
    with pytest.raises(NotFound):
        actions.join_incident(ada, run, theirs.pk)


def test_an_agent_alerts_the_team_and_a_lead_declares(story: Story) -> None:
    story.ticket("VPN too")
    run = story.run(contact=None)
    assert actions.alert(story.actor(story.ada), run, clock=story.clock) is None
    ticket = Ticket.objects.get(pk=run.ticket_id)
    assert ticket.team == story.specialists
    assert "1 more ticket" in Item.objects.get(ticket=ticket, kind=ItemKind.NOTE).body
    declared = actions.alert(story.actor(story.lena), run, clock=story.clock)
    assert declared is not None
    assert Ticket.objects.get(pk=run.ticket_id).incident == declared


def test_a_ticket_goes_to_a_team_of_its_desk_with_a_reason(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    actions.assign(ada, run, story.specialists.pk, "Profile is fine, gateway drops it.", clock=story.clock)
    ticket = Ticket.objects.get(pk=run.ticket_id)
    assert (ticket.team, ticket.tier) == (story.specialists, 2)
    with pytest.raises(Invalid):
        actions.assign(ada, run, story.specialists.pk, " ")
    with pytest.raises(Invalid):
        actions.assign(ada, run, 0, "Somewhere")


def test_an_article_that_solves_it_counts_once(story: Story) -> None:
    run, ada = story.run(), story.actor(story.ada)
    article = Article.objects.create(
        desk=story.acme, title="VPN", body="Renew the profile.", updated_at=story.clock.now()
    )
    actions.use_article(ada, run, article.pk, clock=story.clock)
    actions.use_article(ada, run, article.pk, clock=story.clock)
    article.refresh_from_db()
    assert article.used_count == 1
    assert run.problems.get().answers["article"] == article.pk
    with pytest.raises(NotAllowed):
        actions.use_article(story.actor(story.ben), run, article.pk)
