"""Guessers of passwords whom the switch has banned: told to those who administer the phone until they have looked."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from helpline.core import outbox
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.people.models import RoleGrant
from helpline.telephony.models import GuesserBan, SwitchSeen
from helpline.telephony.switch_actions import UNBANNERS

#: the embedded switch's user event
BANNED = "HelplineGuesserBanned"
#: outbox events
GUESSER_BANNED = "guesser_banned"
GUESSERS_SEEN = "guessers_seen"
#: live topic of what only those hear who administer the phone
TOPIC = "switch"
#: an address is personal data: rows older than this go
KEPT = timedelta(days=30)


@transaction.atomic
def banned(told: Mapping[str, Any], clock: Clock = SYSTEM_CLOCK) -> None:
    """Note a ban of the switch once, and have the pages of the phone's administrators look."""
    since = _moment(told["since"])
    _row, is_new = GuesserBan.objects.get_or_create(
        address=str(told["address"])[:60],
        since=since,
        defaults={
            "until": _moment(told["until"]),
            "tried": str(told.get("tried") or "")[:80],
            "times": int(told.get("times") or 1),
        },
    )
    if not is_new:
        return
    GuesserBan.objects.filter(since__lt=clock.now() - KEPT).delete()
    _tell(GUESSER_BANNED, clock, *_administrators())


def _moment(text: object) -> datetime:
    at = datetime.fromisoformat(str(text))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _administrators() -> list[int]:
    granted = RoleGrant.objects.filter(role__in=UNBANNERS, user__is_active=True)
    return list(granted.order_by().values_list("user_id", flat=True).distinct())


def _tell(kind: str, clock: Clock, *people: int) -> None:
    outbox.emit(kind, topics=[TOPIC, *(f"user:{user_id}" for user_id in people)], clock=clock)


def unseen(actor: Actor) -> QuerySet[GuesserBan]:
    """Queryset of the bans that are news to the actor, the newest first; none for who may not unban."""
    if actor.user_id is None or not actor.may(None, *UNBANNERS):
        return GuesserBan.objects.none()
    seen = SwitchSeen.objects.filter(user=actor.user_id).values("at")
    known = GuesserBan.objects.filter(since__lte=seen[:1])
    return GuesserBan.objects.exclude(pk__in=known.values("pk")).order_by("-since")


def count(actor: Actor) -> int | None:
    """How many bans are news to the actor; None for none."""
    return unseen(actor).count() or None


@transaction.atomic
def look(actor: Actor, clock: Clock = SYSTEM_CLOCK) -> None:
    """The actor has opened the page of the switch: nothing is news any more, in their other tabs neither."""
    if actor.user_id is None or not unseen(actor).exists():
        return
    SwitchSeen.objects.update_or_create(user_id=actor.user_id, defaults={"at": clock.now()})
    _tell(GUESSERS_SEEN, clock, actor.user_id)
