"""The controls of a ticket's properties, with their choices read once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from helpline.people import queries as people
from helpline.people.models import Team, User
from helpline.tickets import matrix, queries
from helpline.tickets.change_fields import LABELS
from helpline.tickets.models import (
    Category,
    Impact,
    Incident,
    IncidentState,
    MatrixCell,
    Priority,
    Status,
    Ticket,
    Urgency,
)
from helpline.tickets.statuses import options, status_key, status_rows

Option = tuple[str, str]
NONE: Option = ("", "–")


@dataclass(frozen=True, slots=True)
class Control:
    """One property: a select when it has options, else a line of text of at most `length` signs."""

    name: str
    label: str
    value: str
    options: tuple[Option, ...] = ()
    length: int = 0
    #: what helps to choose
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Properties:
    """All controls in their order, and the desk's teams for other forms of the page."""

    controls: tuple[Control, ...]
    teams: tuple[Team, ...]


@dataclass(frozen=True, slots=True)
class ChoiceRows:
    """What can be chosen, not read yet; `core.together` may read it with others in one question."""

    teams: QuerySet[Team]
    workers: QuerySet[User]
    incidents: QuerySet[Incident]
    priorities: QuerySet[Priority]
    categories: QuerySet[Category]
    statuses: QuerySet[Status]
    cells: QuerySet[MatrixCell]

    @property
    def asked(self) -> tuple[QuerySet[Any], ...]:
        chosen_from = (self.teams, self.workers, self.incidents, self.priorities, self.categories)
        return (*chosen_from, self.statuses, self.cells)


def choice_rows(ticket: Ticket) -> ChoiceRows:
    """The choices for a ticket of its desk."""
    current = Q(state=IncidentState.OPEN) | Q(pk=ticket.incident_id or 0)
    return ChoiceRows(
        teams=people.teams([ticket.desk_id]),
        workers=people.members_of_desk([ticket.desk_id]),
        incidents=Incident.objects.filter(current, desk=ticket.desk_id),
        priorities=queries.priorities(),
        categories=queries.categories(ticket.desk),
        statuses=status_rows(),
        cells=matrix.cells(),
    )


def properties(ticket: Ticket, rows: ChoiceRows) -> Properties:
    """The controls, after the choices were read."""
    teams, workers, incidents = tuple(rows.teams), rows.workers, rows.incidents
    chosen = {
        "status": (status_key(ticket), options(rows.statuses, [status_key(ticket)])),
        "impact": (ticket.impact, [NONE, *_words(Impact)]),
        "urgency": (ticket.urgency, [NONE, *_words(Urgency)]),
        "priority": (ticket.priority_id, [(str(one.pk), one.label) for one in rows.priorities]),
        "category": (
            ticket.category_id,
            [NONE, *((str(one.pk), one.path) for one in rows.categories)],
        ),
        "team": (ticket.team_id, [NONE, *((str(one.pk), one.name) for one in teams)]),
        "assignee": (ticket.assignee_id, [NONE, *((str(one.pk), one.display_name) for one in workers)]),
        "incident": (ticket.incident_id, [NONE, *((str(one.pk), one.title) for one in incidents)]),
    }
    hints = {"priority": _against_matrix(ticket, rows.cells)}
    selects = [
        _select(name, value, offered, hints.get(name, "")) for name, (value, offered) in chosen.items()
    ]
    controls = (
        _line("subject", ticket.subject, 250),
        *selects,
        _line("asset_tag", ticket.asset_tag, 40),
        _line("location", ticket.location, 150),
    )
    return Properties(controls, teams)


def _words(choices: type[Impact | Urgency]) -> list[Option]:
    return [(str(value), str(label)) for value, label in choices.choices]


def _against_matrix(ticket: Ticket, cells: Iterable[MatrixCell]) -> str:
    wanted = matrix.suggested(ticket.impact, ticket.urgency, cells)
    if wanted is None or wanted.pk == ticket.priority_id:
        return ""
    return str(_("Impact and urgency suggest: %s.") % wanted.label)


def _select(name: str, value: object, offered: Iterable[Option], hint: str) -> Control:
    return Control(name, str(LABELS[name]), "" if value is None else str(value), tuple(offered), hint=hint)


def _line(name: str, value: str, length: int) -> Control:
    return Control(name, str(LABELS[name]), value, length=length)
