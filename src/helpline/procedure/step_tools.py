"""What a step shows beside its words: earlier tickets, "several hit?", articles, teams, licences behind the gate."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from helpline.core.access import Actor
from helpline.core.clock import Clock
from helpline.core.together import together
from helpline.customers.models import Asset
from helpline.knowledge import queries as knowledge_queries
from helpline.knowledge.models import Article
from helpline.people import queries as people_queries
from helpline.people.models import Team
from helpline.procedure.document import Field, FieldKind, Step, Tool
from helpline.procedure.models import CallRun
from helpline.telephony.models import CallState
from helpline.tickets import access as ticket_access
from helpline.tickets import queries as ticket_queries
from helpline.tickets.models import Incident, Ticket

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Several:
    """Does it hit several people? `alike`: live tickets of the category in the last hour, this one left out."""

    alike: tuple[Ticket, ...]
    incidents: tuple[Incident, ...]
    may_declare: bool


@dataclass(frozen=True, slots=True)
class Assign:
    """Who may take it on; `suggested`: the category's team."""

    teams: tuple[Team, ...]
    suggested: int | None


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools of the present step; None or empty where the step has not asked for one."""

    earlier: tuple[Ticket, ...] = ()
    several: Several | None = None
    articles: tuple[Article, ...] = ()
    wants_articles: bool = False
    assign: Assign | None = None
    #: assets of the caller whose licence may be shown once the identity is proved
    licences: tuple[Asset, ...] = ()
    identity: bool = False
    closing: bool = False
    #: reminds to ask before hold; `on_hold` while the caller hears music
    hold: bool = False
    on_hold: bool = False


def tools(actor: Actor, run: CallRun, step: Step, clock: Clock) -> Tools:
    """What the step asks for, loaded now (at most two queries)."""
    wants = set(step.tools)
    rows = _rows(run, clock)
    needed = [rows[tool] for tool in rows if tool in wants]
    if needed:
        together(*(one for group in needed for one in group))
    return Tools(
        earlier=tuple(rows[Tool.EARLIER][0]) if Tool.EARLIER in wants else (),
        several=_several(actor, run, *rows[Tool.SEVERAL_HIT]) if Tool.SEVERAL_HIT in wants else None,
        articles=_articles(run) if Tool.ARTICLES in wants else (),
        wants_articles=Tool.ARTICLES in wants,
        assign=_assign(run, *rows[Tool.ASSIGN]) if Tool.ASSIGN in wants else None,
        licences=tuple(rows[Tool.IDENTITY][0]) if Tool.IDENTITY in wants else (),
        identity=Tool.IDENTITY in wants,
        closing=Tool.CLOSING in wants,
        hold=Tool.HOLD in wants,
        on_hold=run.call.state == CallState.HELD,
    )


def _rows(run: CallRun, clock: Clock) -> dict[Tool, tuple[QuerySet[Any], ...]]:
    """What each tool is made of, not read yet."""
    contact, ticket = run.call.contact, run.ticket
    desks = [run.call.desk_id] if run.call.desk_id else []
    category = ticket.category if ticket else None
    return {
        Tool.EARLIER: (ticket_queries.live_tickets_of(contact)[:6] if contact else Ticket.objects.none(),),
        Tool.SEVERAL_HIT: (
            ticket_queries.similar_rows(category, clock=clock, but=ticket),
            ticket_queries.incident_rows(desks),
        ),
        Tool.ASSIGN: (people_queries.teams(desks),),
        Tool.IDENTITY: (
            contact.assets.exclude(licence="").order_by("tag") if contact else Asset.objects.none(),
        ),
    }


def _several(actor: Actor, run: CallRun, alike: Iterable[Ticket], incidents: Iterable[Incident]) -> Several:
    may_declare = actor.may(run.call.desk_id, *ticket_access.DECLARERS)
    return Several(tuple(alike), tuple(incidents), may_declare)


def _articles(run: CallRun) -> tuple[Article, ...]:
    ticket, desk = run.ticket, run.call.desk
    if ticket is None or desk is None:
        return ()
    path = ticket.category.path if ticket.category else ""
    return tuple(knowledge_queries.suggest(desk, path, ticket.subject))


def _assign(run: CallRun, teams: Iterable[Team]) -> Assign:
    category = run.ticket.category if run.ticket else None
    return Assign(tuple(teams), category.team_id if category else None)


def options(run: CallRun, asked: Field) -> Options:
    """What there is to choose from for a field; empty for fields that are typed or searched."""
    load = _OPTIONS.get(asked.kind)
    if load is None:
        return tuple((choice, choice) for choice in asked.choices)
    return load(run)


def _named(rows: Iterable[tuple[int, str]]) -> Options:
    return tuple((str(key), name) for key, name in rows)


def _categories(run: CallRun) -> Options:
    desk = run.call.desk
    return _named(ticket_queries.categories(desk).values_list("pk", "path")) if desk else ()


def _priorities(_run: CallRun) -> Options:
    return _named(ticket_queries.priorities().values_list("pk", "label"))


def _teams(run: CallRun) -> Options:
    desk_id = run.call.desk_id
    return _named(people_queries.teams([desk_id]).values_list("pk", "name")) if desk_id else ()


def _articles_named(run: CallRun) -> Options:
    return _named((article.pk, article.title) for article in _articles(run))


_OPTIONS: dict[FieldKind, Callable[[CallRun], Options]] = {
    FieldKind.CATEGORY: _categories,
    FieldKind.PRIORITY: _priorities,
    FieldKind.TEAM: _teams,
    FieldKind.ARTICLE: _articles_named,
}
