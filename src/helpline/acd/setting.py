"""What every change of a desk's telephone shares: who may make it, that the acd process hears of it, words."""

import re
from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext as _

from helpline.core import outbox
from helpline.core.access import Actor, Role, require
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.people.models import Desk

#: who sets numbers, menus, queues and tips up
SETTERS = (Role.PHONE_ADMIN, Role.DESK_ADMIN)
#: the acd process reads the settings again; calls under way go on
SETTINGS_CHANGED = "settings_changed"
#: seconds; more than that nobody waits
LONGEST_S = 3600
_NUMBER = re.compile(r"\+?[0-9a-z*#][0-9a-z*#.-]{0,38}")


def require_setter(actor: Actor, desk_id: int) -> None:
    """Raise NotAllowed unless the actor sets this desk up."""
    require(actor, desk_id, *SETTERS)


def tell(desk_id: int, clock: Clock) -> None:
    """Within the transaction of the change: the next caller meets it."""
    outbox.emit(SETTINGS_CHANGED, desk_id=desk_id, topics=("queues", f"desk:{desk_id}"), clock=clock)


def clean_name(name: str, code: str = "name") -> str:
    """Without blanks around it. Raises Invalid for none."""
    words = " ".join(name.split())
    if not words:
        raise Invalid(_("It needs a name."), code=code)
    return words[:80]


def clean_language(language: str, *, none_is_fine: bool = False) -> str:
    """Raises Invalid for a language Helpline does not speak."""
    if language in dict(settings.LANGUAGES) or (none_is_fine and not language):
        return language
    raise Invalid(
        _("Helpline does not speak “%(language)s”.") % {"language": language},
        code="language",
        help=_("Choose one of the languages in the list."),
    )


def clean_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Language -> words, without empty ones. Raises Invalid for an unknown language."""
    return {clean_language(language): text.strip() for language, text in texts.items() if text.strip()}


def clean_number(text: str) -> str:
    """A number as callers dial it, or the name of a button. Raises Invalid for what no phone can dial."""
    number = "".join(text.split()).lower()
    if not _NUMBER.fullmatch(number):
        raise Invalid(
            _("A number has digits, perhaps a plus sign before them."),
            code="number",
            help=_("For example: 100, or +31 30 555 0100."),
        )
    return number


def between(value: int, least: int, most: int, code: str) -> int:
    """Raises Invalid outside of the bounds."""
    if least <= value <= most:
        return value
    raise Invalid(
        _("This is a number from %(least)d to %(most)d.") % {"least": least, "most": most}, code=code
    )


def same_desk(desk: Desk, desk_id: int, code: str) -> None:
    """Raise Invalid for something of another desk."""
    if desk.pk != desk_id:
        raise Invalid(_("This belongs to another desk."), code=code)
