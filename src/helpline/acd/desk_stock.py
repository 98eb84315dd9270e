"""What a desk's telephone needs beside queues and numbers, given on its first day."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from helpline.acd.models import Disposition
from helpline.core import registry
from helpline.people.desk_actions import HOOK_STOCK
from helpline.people.models import Desk

STANDARD_DISPOSITIONS = {
    "solved": _("Solved on the call"),
    "assigned": _("Passed to another team"),
    "follow-up": _("We call back"),
    "information": _("Information given"),
    "wrong": _("Wrong number"),
}


def give_dispositions(desk: Desk) -> list[Disposition]:
    """The usual ways a call ends for the desk, in its language."""
    with translation.override(desk.language):
        return Disposition.objects.bulk_create(
            Disposition(desk=desk, key=key, label=str(label)) for key, label in STANDARD_DISPOSITIONS.items()
        )


def stock(*, desk: Desk, **_facts: object) -> None:
    """Hook of `people`: what is there already stays."""
    if not Disposition.objects.filter(desk=desk).exists():
        give_dispositions(desk)


def register() -> None:
    """Called once when the room is ready."""
    registry.on(HOOK_STOCK, stock)
