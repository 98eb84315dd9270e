"""Answers to the fields of a step: checked by kind, kept as JSON, and turned into fields of the ticket."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor
from helpline.core.errors import Invalid, NotFound, Text
from helpline.customers import access as customers_access
from helpline.knowledge.models import Article
from helpline.people.models import Desk, Team
from helpline.procedure.document import Field, FieldKind, Tick
from helpline.tickets.models import Category, Priority

#: characters of one answer
LONGEST = 4000
#: characters of one answer kept in a field of the ticket
LONGEST_SAVED = {"ticket.subject": 250, "ticket.asset_tag": 40, "ticket.location": 150}


def clean(asked: Field | Tick, value: object) -> str | int | bool | None:
    """The answer as it is kept: text stripped, the id of a row as a number, None when emptied.

    Raises Invalid when it does not fit the kind of field.
    """
    if isinstance(asked, Tick):
        return value in (True, "true", "on", "1")
    text = str(value if value is not None else "").strip()
    if not text:
        return None
    longest = LONGEST_SAVED.get(asked.saves_to, LONGEST)
    if len(text) > longest:
        raise _unfit(asked, _("At most %(number)d characters.") % {"number": longest})
    if asked.kind in _ROWS:
        return _row_id(asked, text)
    if asked.kind == FieldKind.CHOICE and text not in asked.choices:
        raise _unfit(asked, _("Choose one of: %(choices)s.") % {"choices": ", ".join(asked.choices)})
    return text


def _row_id(asked: Field, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _unfit(asked, _("Choose one of the list."))
    return int(text)


def _unfit(asked: Field, help: Text) -> Invalid:
    return Invalid(
        _("“%(label)s” cannot be kept.") % {"label": asked.label}, code="answer_invalid", help=help
    )


def row(actor: Actor, desk: Desk, asked: Field, value: object) -> Model | None:
    """The row an answer means, checked to be of the call's desk. Raises Invalid when it is not."""
    find = _ROWS.get(asked.kind)
    if find is None or value is None:
        return None
    found = find(actor, desk, int(str(value)))
    if found is None:
        raise _unfit(asked, _("Choose one of the list."))
    return found


def _contact(actor: Actor, desk: Desk, key: int) -> Model | None:
    try:
        found = customers_access.contact(actor, key)
    except NotFound:
        return None
    return found if found.desk_id == desk.pk else None


def _of_desk(rows: Any) -> Callable[[Actor, Desk, int], Model | None]:
    def find(_actor: Actor, desk: Desk, key: int) -> Model | None:
        found: Model | None = rows.filter(desk=desk, pk=key).first()
        return found

    return find


def _priority(_actor: Actor, _desk: Desk, key: int) -> Model | None:
    return Priority.objects.filter(pk=key).first()


_ROWS: dict[FieldKind, Callable[[Actor, Desk, int], Model | None]] = {
    FieldKind.CONTACT: _contact,
    FieldKind.CATEGORY: _of_desk(Category.objects),
    FieldKind.TEAM: _of_desk(Team.objects),
    FieldKind.ARTICLE: _of_desk(Article.objects),
    FieldKind.PRIORITY: _priority,
}


def for_ticket(asked: Field, value: object, found: Model | None) -> dict[str, Any]:
    """What `tickets.actions.change` is told of the answer; empty when it stays in the run."""
    name = asked.saves_to.removeprefix("ticket.")
    if not asked.saves_to:
        return {}
    if asked.kind in _ROWS:
        # a ticket keeps its priority when the choice is emptied
        return {name: found} if found is not None or asked.kind != FieldKind.PRIORITY else {}
    text = value or ""
    return {} if name == "subject" and not text else {name: text}
