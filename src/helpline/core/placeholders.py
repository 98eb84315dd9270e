"""Words in braces, such as `{contact}`, that answer templates and signatures fill in. Rooms register what they know."""

import html as entities
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpline.core.errors import Invalid
from helpline.core.registry import Registry

#: what a placeholder may be filled in from: {"ticket": Ticket, "user": User, "desk": Desk, ...}
Facts = Mapping[str, Any]
_NAME: Final = re.compile(r"\{([a-zA-Z][\w ]{0,40})\}")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`value` gives the text for the facts at hand, "" when it is not known. `example` stands in previews."""

    label: str | Promise
    value: Callable[[Facts], str]
    example: str | Promise = ""


placeholders: Registry[Placeholder] = Registry()
_names: dict[str, Placeholder] = {}


def register(name: str, placeholder: Placeholder, order: int = 100) -> None:
    """Have `{name}` filled in. Raises ValueError when the name is taken."""
    placeholders.register(name, placeholder, order)
    _names[name] = placeholder


def known() -> list[tuple[str, Placeholder]]:
    """All names with what they stand for, by name."""
    return sorted(_names.items())


def check(text: str) -> None:
    """Raises Invalid (`placeholder`) for a name in braces that nobody knows."""
    unknown = sorted({name for name in _NAME.findall(text) if name not in _names})
    if unknown:
        raise Invalid(
            _("There is no placeholder {%(name)s}.") % {"name": unknown[0]},
            code="placeholder",
            help=_("Known are: %(names)s.") % {"names": ", ".join(f"{{{name}}}" for name, _one in known())},
        )


def fill(html: str, facts: Facts) -> str:
    """HTML with its placeholders as text; what is not known now becomes "[label]", to be seen and mended.

    Raises Invalid (`placeholder`) for an unknown name.
    """
    check(html)

    def value(found: re.Match[str]) -> str:
        one = _names[found[1]]
        return entities.escape(one.value(facts) or f"[{one.label}]")

    return _NAME.sub(value, html)


def example(html: str) -> str:
    """The same with examples, for a preview."""
    check(html)
    return _NAME.sub(
        lambda found: entities.escape(str(_names[found[1]].example or _names[found[1]].label)), html
    )
