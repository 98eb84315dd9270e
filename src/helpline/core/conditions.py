"""Conditions as data: a tree that a person puts together and that narrows rows of the database.

    {"all": [{"field": "status", "operator": "is", "value": ["new", "open"]},
             {"none": [{"field": "subject", "operator": "contains", "value": "test"}]}]}

A group is `{"all": [...]}`, `{"any": [...]}` or `{"none": [...]}` of groups and conditions; a condition is `{"field",
"operator", "value"}`. An empty "all" or "none" holds always, an empty "any" never. Fields are registered by the room
whose rows they are of (`core.registry.conditions`); this module knows no room and asks no database by itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpline.core.access import Actor
from helpline.core.errors import Invalid

Tree = Mapping[str, Any]
#: (value, what people read)
Option = tuple[str, str]
GROUPS: Final = ("all", "any", "none")
#: a tree beyond these is a mistake or an attack
MOST_CONDITIONS: Final = 50
DEEPEST: Final = 5
_LONGEST_TEXT: Final = 200
_MOST_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and when: "me" and "the last 7 days" mean something only to them. `now` is aware."""

    actor: Actor
    now: datetime


class Takes(StrEnum):
    """What stands behind an operator, as a tree holds it."""

    #: a list of strings out of the field's choices
    CHOICES = "choices"
    TEXT = "text"
    #: a whole number
    NUMBER = "number"
    #: how many days, a whole number
    DAYS = "days"
    #: "2026-11-23"
    DAY = "day"
    NOTHING = "nothing"


class Kind(StrEnum):
    """What sort of value a field has; it decides which operators there are."""

    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Operator:
    """A verb between field and value. `narrow` gets the field and the value as `_VALUES` read it."""

    label: str | Promise
    takes: Takes
    narrow: "Callable[[Field, Any, Asking], Q]"


@dataclass(frozen=True, slots=True)
class Field:
    """Something rows can be narrowed by.

    lookup: the ORM's name of it, which must not multiply rows (of many-to-many relations give `fits` and `empty`).
    optional: a row may have none, so there are "is empty" and "is not empty".
    choices: of kind choice, what a person may choose from.
    read: turns one chosen value into what the column holds; raises Invalid for one that can never be.
    fits: the rows a value means, when that is not equality (choice), containment (text).
    empty: the rows that have none, when that is not NULL.
    operators: only these of the kind's.
    """

    label: str | Promise
    kind: Kind
    lookup: str
    optional: bool = False
    choices: Callable[[Asking], Sequence[Option]] | None = None
    read: Callable[[str], Any] = str
    fits: Callable[[Any, Asking], Q] | None = None
    empty: Callable[[], Q] | None = None
    operators: tuple[str, ...] = ()


class Fields(Protocol):
    """The registered fields of one sort of rows, by key."""

    def get(self, key: str) -> Field | None: ...


def _chosen(field: Field, values: Sequence[str], asking: Asking) -> Q:
    read = [field.read(one) for one in values]
    return field.fits(read, asking) if field.fits else Q(**{f"{field.lookup}__in": read})


def _containing(field: Field, text: str, asking: Asking) -> Q:
    return field.fits(text, asking) if field.fits else Q(**{f"{field.lookup}__icontains": text})


def _empty(field: Field, _nothing: None, _asking: Asking) -> Q:
    if field.empty:
        return field.empty()
    return Q(**{field.lookup: ""}) if field.kind == Kind.TEXT else Q(**{f"{field.lookup}__isnull": True})


def _compared(comparison: str) -> Callable[[Field, Any, Asking], Q]:
    return lambda field, value, _asking: Q(**{f"{field.lookup}__{comparison}": value})


def _ago(comparison: str) -> Callable[[Field, int, Asking], Q]:
    return lambda field, days, asking: Q(
        **{f"{field.lookup}__{comparison}": asking.now - timedelta(days=days)}
    )


def _start_of(day: date) -> datetime:
    """Midnight where the person is."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _from_day(field: Field, day: date, _asking: Asking) -> Q:
    return Q(**{f"{field.lookup}__gte": _start_of(day)})


def _before_day(field: Field, day: date, _asking: Asking) -> Q:
    return Q(**{f"{field.lookup}__lt": _start_of(day)})


def _negated(narrow: Callable[[Field, Any, Asking], Q]) -> Callable[[Field, Any, Asking], Q]:
    return lambda field, value, asking: ~narrow(field, value, asking)


_EMPTINESS: Final = {
    "is_empty": Operator(_("is empty"), Takes.NOTHING, _empty),
    "is_set": Operator(_("is not empty"), Takes.NOTHING, _negated(_empty)),
}
#: kind -> key -> operator, in the order people see
OPERATORS: Final[Mapping[Kind, Mapping[str, Operator]]] = {
    Kind.CHOICE: {
        "is": Operator(pgettext_lazy("condition", "is"), Takes.CHOICES, _chosen),
        "is_not": Operator(pgettext_lazy("condition", "is not"), Takes.CHOICES, _negated(_chosen)),
        **_EMPTINESS,
    },
    Kind.TEXT: {
        "contains": Operator(_("contains"), Takes.TEXT, _containing),
        "contains_not": Operator(_("does not contain"), Takes.TEXT, _negated(_containing)),
        **_EMPTINESS,
    },
    Kind.NUMBER: {
        "equals": Operator(_("equals"), Takes.NUMBER, _compared("exact")),
        "at_least": Operator(_("is at least"), Takes.NUMBER, _compared("gte")),
        "at_most": Operator(_("is at most"), Takes.NUMBER, _compared("lte")),
    },
    Kind.MOMENT: {
        "last_days": Operator(_("in the last … days"), Takes.DAYS, _ago("gte")),
        "older_days": Operator(_("more than … days ago"), Takes.DAYS, _ago("lt")),
        "from_day": Operator(_("on or after"), Takes.DAY, _from_day),
        "before_day": Operator(_("before"), Takes.DAY, _before_day),
        **_EMPTINESS,
    },
}


def operators(field: Field) -> dict[str, Operator]:
    """What may stand behind a field, by key, in order."""
    of_kind = OPERATORS[field.kind]
    if field.operators:
        return {key: of_kind[key] for key in field.operators}
    return {key: one for key, one in of_kind.items() if field.optional or key not in _EMPTINESS}


def as_q(tree: Tree, fields: Fields, asking: Asking) -> Q:
    """The tree as what a queryset is filtered with. Raises Invalid, as `check` does but for choices gone since."""
    _check_size(tree)
    return _node_q(tree, fields, asking)


def check(tree: Tree, fields: Fields, asking: Asking) -> None:
    """Raise Invalid with words for people unless the tree can be used by who asks: shape, fields, operators, values,
    and each chosen value among the field's choices."""
    as_q(tree, fields, asking)
    for leaf in conditions(tree):
        field, operator = _known(leaf, fields)
        if operator.takes == Takes.CHOICES and field.choices:
            there = {value for value, _label in field.choices(asking)}
            if not there.issuperset(_values(leaf["value"])):
                raise _wrong(field, _("Choose from the list."))


def conditions(tree: Tree) -> Iterator[Tree]:
    """The conditions of a tree, without its groups."""
    if "field" in tree:
        yield tree
        return
    for nodes in tree.values():
        for node in nodes:
            yield from conditions(node)


def demanded(tree: Tree, field: str) -> frozenset[str] | None:
    """Values of which the field must have one, for certain, wherever the tree holds; None when it says nothing of that."""
    if tree.get("field") == field and tree.get("operator") == "is":
        return frozenset(_values(tree["value"]))
    for node in tree.get("all", ()):
        found = demanded(node, field)
        if found is not None:
            return found
    return None


def in_words(tree: Tree, fields: Fields, asking: Asking) -> str:
    """The tree for people: "Status is New, Open; Subject contains VPN"."""
    if "field" in tree:
        return _condition_in_words(tree, fields, asking)
    ((group, nodes),) = tree.items()
    words = [in_words(node, fields, asking) for node in nodes]
    joined = {"all": "; ", "any": f" {_('or')} ", "none": f" {_('or')} "}[group].join(words)
    if group == "none" and words:
        return str(_("not: %s") % joined)
    return joined if len(words) < 2 or group == "all" else f"({joined})"


def _condition_in_words(leaf: Tree, fields: Fields, asking: Asking) -> str:
    field, operator = _known(leaf, fields)
    value = leaf.get("value")
    if operator.takes == Takes.CHOICES:
        labels = dict(field.choices(asking)) if field.choices else {}
        value = ", ".join(str(labels.get(one, one)) for one in _values(value))
    if "…" in str(operator.label):
        return f"{field.label} {str(operator.label).replace('…', str(value))}"
    return " ".join(str(part) for part in (field.label, operator.label, value) if part not in (None, ""))


def _node_q(tree: Tree, fields: Fields, asking: Asking) -> Q:
    if "field" in tree:
        field, operator = _known(tree, fields)
        return operator.narrow(field, _VALUES[operator.takes](field, tree.get("value")), asking)
    ((group, nodes),) = tree.items()
    found = Q()
    for node in nodes:
        one = _node_q(node, fields, asking)
        found = found & one if group == "all" else found | one
    if group == "any" and not nodes:
        return Q(pk__in=[])
    return ~found if group == "none" and nodes else found


def _check_size(tree: Tree) -> None:
    left = [MOST_CONDITIONS]
    _check_shape(tree, 1, left)


def _check_shape(tree: Any, depth: int, left: list[int]) -> None:
    left[0] -= 1
    if depth > DEEPEST or left[0] < 0:
        raise Invalid(_("These conditions are too many or too deep."), code="conditions")
    if not isinstance(tree, Mapping):
        raise _shapeless()
    if "field" in tree:
        if not set(tree) <= {"field", "operator", "value"}:
            raise _shapeless()
        return
    if len(tree) != 1 or next(iter(tree)) not in GROUPS or not isinstance(next(iter(tree.values())), list):
        raise _shapeless()
    for node in next(iter(tree.values())):
        _check_shape(node, depth + 1, left)


def _shapeless() -> Invalid:
    return Invalid(
        _("These conditions cannot be read."),
        code="conditions",
        help=_("Each is a field, an operator and a value, in groups of all, any or none."),
    )


def _known(leaf: Tree, fields: Fields) -> tuple[Field, Operator]:
    field = fields.get(str(leaf["field"]))
    if field is None:
        raise Invalid(_("There is no field “%s”.") % str(leaf["field"])[:60], code="field")
    operator = operators(field).get(str(leaf.get("operator")))
    if operator is None:
        raise Invalid(
            _("“%(field)s” cannot be asked with “%(operator)s”.")
            % {"field": field.label, "operator": str(leaf.get("operator"))[:60]},
            code="operator",
        )
    return field, operator


def _wrong(field: Field, why: str | Promise) -> Invalid:
    return Invalid(f"{field.label}: {why}", code="value")


def _values(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)


def _read_choices(field: Field, value: Any) -> list[str]:
    some = _values(value) if isinstance(value, str | list | tuple) else []
    if not some or not all(isinstance(one, str) and one for one in some):
        raise _wrong(field, _("Choose at least one."))
    return some


def _read_text(field: Field, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(field, _("Type what to look for."))
    return value.strip()[:_LONGEST_TEXT]


def _read_number(field: Field, value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise _wrong(field, _("Type a whole number."))
    return int(text)


def _read_days(field: Field, value: Any) -> int:
    days = _read_number(field, value)
    if days > _MOST_DAYS:
        raise _wrong(field, _("That is too many days."))
    return days


def _read_day(field: Field, value: Any) -> date:
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise _wrong(field, _("Type a day, for example 2026-11-23.")) from None


_VALUES: Final[Mapping[Takes, Callable[[Field, Any], Any]]] = {
    Takes.CHOICES: _read_choices,
    Takes.TEXT: _read_text,
    Takes.NUMBER: _read_number,
    Takes.DAYS: _read_days,
    Takes.DAY: _read_day,
    Takes.NOTHING: lambda _field, _value: None,
}
