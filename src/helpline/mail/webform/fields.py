"""The fields of a web form as its desk writes them: one a line.

Employee number
Room *                      a star: must be filled in
Device: Laptop, Phone, Other   a colon: one of these
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from helpline.core.errors import Invalid

MOST_FIELDS: Final = 20
_LONGEST: Final = 80


@dataclass(frozen=True, slots=True)
class FormField:
    """A question of the form. Without `choices` the answer is free text."""

    label: str
    required: bool = False
    choices: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """As the desk writes it."""
        star = " *" if self.required else ""
        return f"{self.label}{star}: {', '.join(self.choices)}" if self.choices else f"{self.label}{star}"


@dataclass(frozen=True, slots=True)
class FormFacts:
    """What the page of a form says and asks."""

    title: str = ""
    intro: str = ""
    thanks: str = ""
    fields: tuple[FormField, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "FormFacts":
        """Read it from a mailbox's row."""
        lines = stored.get("fields", ())
        texts = {name: str(stored.get(name, "")) for name in ("title", "intro", "thanks")}
        return cls(fields=read(lines), **texts)

    def stored(self) -> dict[str, Any]:
        """As it is kept in a row."""
        return {
            "title": self.title,
            "intro": self.intro,
            "thanks": self.thanks,
            "fields": [one.line for one in self.fields],
        }


def read(lines: Iterable[str]) -> tuple[FormField, ...]:
    """The fields of these lines. Raises Invalid for too many, one without a name, one named twice."""
    found = [_field(line.strip()) for line in lines if line.strip()]
    labels = [one.label.casefold() for one in found]
    if len(found) > MOST_FIELDS:
        raise Invalid(_("A form asks at most %d things.") % MOST_FIELDS, code="fields")
    twice = next((one.label for one in found if labels.count(one.label.casefold()) > 1), "")
    if twice:
        raise Invalid(_("“%(label)s” is asked twice.") % {"label": twice}, code="fields")
    return tuple(found)


def _field(line: str) -> FormField:
    label, _colon, rest = line.partition(":")
    label = label.strip()
    required = label.endswith("*")
    label = label.rstrip("* ")
    if not label or len(label) > _LONGEST:
        raise Invalid(_("“%(line)s” is no question.") % {"line": line[:_LONGEST]}, code="fields")
    return FormField(label, required, _choices(rest))


def _choices(rest: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in rest.split(",") if part.strip()))
