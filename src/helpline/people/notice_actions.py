"""Telling colleagues, marking what was seen, choosing how to be told."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from helpline.core import notices, outbox
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.core.notices import NoticeKind
from helpline.people import events
from helpline.people.models import Notification, NotificationChoice, User

#: more about the same thing within this time is the same notice
BATCH: Final = timedelta(minutes=10)
#: who sees it within this time gets no mail
MAIL_AFTER: Final = timedelta(minutes=5)


@transaction.atomic
def notify(
    user_ids: Iterable[int],
    kind: str,
    *,
    desk_id: int,
    about: str,
    title: str,
    url: str,
    detail: str = "",
    by: Actor,
    clock: Clock = SYSTEM_CLOCK,
) -> int:
    """Tell these people unless they did it themselves or want no such notices; how many were told."""
    wanted = notices.kinds.get(kind)
    if wanted is None:
        raise ValueError(f"{kind} is no kind of notice")
    told = [one for one in dict.fromkeys(user_ids) if one != by.user_id]
    if not told:
        return 0
    choices = {one.user_id: one for one in NotificationChoice.objects.filter(user__in=told, kind=kind)}
    active = User.objects.filter(pk__in=told, is_active=True).values_list("pk", flat=True)
    facts = {"kind": kind, "title": title[:250], "detail": detail[:250], "url": url}
    reached = [one for one in active if _tell(one, choices.get(one) or wanted, desk_id, about, facts, clock)]
    for user_id in reached:
        outbox.emit(
            events.NOTIFIED,
            desk_id=desk_id,
            topics=[events.bell_topic(user_id)],
            data={"user_id": user_id, "kind": kind, "about": about},
            clock=clock,
        )
    return len(reached)


def _tell(
    user_id: int,
    how: NotificationChoice | NoticeKind,
    desk_id: int,
    about: str,
    facts: Mapping[str, str],
    clock: Clock,
) -> bool:
    if not (how.in_app or how.mail or how.browser):
        return False
    now = clock.now()
    same = Notification.objects.filter(user=user_id, about=about, seen_at=None, at__gt=now - BATCH)
    if same.update(count=F("count") + 1, at=now, **facts):
        return True
    Notification.objects.create(
        user_id=user_id,
        desk_id=desk_id,
        about=about,
        at=now,
        in_app=how.in_app,
        browser=how.browser,
        mail_due_at=now + MAIL_AFTER if how.mail else None,
        **facts,
    )
    return True


@transaction.atomic
def seen(actor: Actor, ids: Iterable[int] | None = None, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """The actor saw these notices of theirs, or all."""
    mine = Notification.objects.filter(user=actor.user_id, seen_at=None)
    mine = mine if ids is None else mine.filter(pk__in=list(ids))
    if mine.update(seen_at=clock.now()):
        desk = next(iter(sorted(actor.desk_ids)), None)
        topic = events.bell_topic(actor.user_id or 0)
        outbox.emit(events.NOTIFIED, desk_id=desk, topics=[topic], data={}, clock=clock)


@transaction.atomic
def choose(actor: Actor, kind: str, *, in_app: bool, mail: bool, browser: bool) -> None:
    """How the actor wants to hear of a kind from now on. Raises Invalid for an unknown kind."""
    if notices.kinds.get(kind) is None or actor.user_id is None:
        raise Invalid("unknown kind", code="kind")
    how = {"in_app": in_app, "mail": mail, "browser": browser}
    NotificationChoice.objects.update_or_create(user_id=actor.user_id, kind=kind, defaults=how)
