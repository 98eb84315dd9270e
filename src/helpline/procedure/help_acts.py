"""What the steps offer to do: join an incident, alert the incident team, hand the ticket to a team, use an article."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpline.core import outbox
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid, NotFound
from helpline.knowledge import access as knowledge_access
from helpline.knowledge import actions as knowledge_actions
from helpline.people.models import Team
from helpline.procedure import access, events, runs
from helpline.procedure.models import CallRun
from helpline.tickets import access as ticket_access
from helpline.tickets import actions as ticket_actions
from helpline.tickets import queries as ticket_queries
from helpline.tickets.models import Incident, Ticket


@transaction.atomic
def join_incident(actor: Actor, run: CallRun, incident_id: int, *, clock: Clock = SYSTEM_CLOCK) -> Incident:
    """This caller is hit by a known incident: ticket and caller join it. Raises NotFound, Conflict when fixed."""
    access.require_writer(actor, run)
    incident = ticket_access.incident(actor, incident_id)
    if incident.desk_id != run.call.desk_id:
        raise NotFound(_("There is no such incident at this desk."))
    problem = runs.settle_ticket(actor, run, clock=clock)
    call = run.call
    ticket_actions.join_incident(
        incident, contact=call.contact, number=call.from_number, call_id=call.pk, clock=clock
    )
    ticket_actions.change(actor, problem.ticket, clock=clock, incident=incident)
    runs.tell(run, events.RUN_CHANGED, clock, incident=incident.pk)
    return incident


@transaction.atomic
def alert(actor: Actor, run: CallRun, *, clock: Clock = SYSTEM_CLOCK) -> Incident | None:
    """Tell the incident team that several people are hit (row B3).

    Who may declare an incident declares it, and the ticket joins; for others the ticket goes to the
    category's team with a note, and an alert is told to everybody who watches incidents.
    """
    access.require_writer(actor, run)
    ticket = runs.settle_ticket(actor, run, clock=clock).ticket
    alike = ticket_queries.similar(ticket.category, clock=clock, but=ticket) if ticket.category else []
    if actor.may(ticket.desk_id, *ticket_access.DECLARERS):
        incident = ticket_actions.declare_incident(actor, ticket.desk, ticket.subject, clock=clock)
        join_incident(actor, run, incident.pk, clock=clock)
        return incident
    _hand_on(actor, ticket, _alert_text(len(alike)), clock)
    outbox.emit(
        events.INCIDENT_SUSPECTED,
        desk_id=ticket.desk_id,
        topics=("incidents", f"desk:{ticket.desk_id}"),
        data={"ticket": ticket.number, "alike": len(alike)},
        clock=clock,
    )
    runs.tell(run, events.RUN_CHANGED, clock, alert=True)
    return None


def _alert_text(alike: int) -> str:
    told = ngettext(
        "Several people seem to be hit: %(number)d more ticket of this category in the last hour.",
        "Several people seem to be hit: %(number)d more tickets of this category in the last hour.",
        alike,
    )
    return told % {"number": alike}


def _hand_on(actor: Actor, ticket: Ticket, why: str, clock: Clock) -> None:
    team = ticket.category.team if ticket.category else None
    if team is None:
        ticket_actions.add_note(actor, ticket, why, clock=clock)
    else:
        ticket_actions.escalate(actor, ticket, team, why, clock=clock)


@transaction.atomic
def assign(actor: Actor, run: CallRun, team_id: int, why: str, *, clock: Clock = SYSTEM_CLOCK) -> Team:
    """Hand the ticket of the call to a team of the desk (row B6). Raises Invalid without a reason."""
    access.require_writer(actor, run)
    team = Team.objects.filter(pk=team_id, desk=run.call.desk).first()
    if team is None:
        raise Invalid(_("There is no such team at this desk."), code="unknown_team")
    problem = runs.settle_ticket(actor, run, clock=clock)
    ticket_actions.escalate(actor, problem.ticket, team, why, clock=clock)
    runs.tell(run, events.RUN_CHANGED, clock, team=team.key)
    return team


@transaction.atomic
def use_article(actor: Actor, run: CallRun, article_id: int, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """The problem is solved by this article: noted in the run, and counted once for each ticket."""
    access.require_writer(actor, run)
    article = knowledge_access.article(actor, article_id)
    problem = runs.settle_ticket(actor, run, clock=clock)
    if problem.answers.get("article") == article.pk:
        return
    runs.set_answer(actor, run, "article", article.pk, clock=clock)
    knowledge_actions.used(actor, article, call_id=run.call_id, clock=clock)
