"""Is a mailbox silent longer than usual for the hour of the week? Judged by its own history, or not at all.

For every hour of the silence the history says how many messages usually come in that hour of the week. When the sum is so
high that silence by chance is next to impossible, something is wrong: for arrivals by chance (Poisson), no message
where 7 are usual happens once in a thousand times.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import TruncHour

from helpline.core.clock import Clock
from helpline.mail.models import Inbound, Mailbox

#: so far back the history is looked at, and so much of it there must be
HISTORY: Final = timedelta(weeks=8)
LEAST_HISTORY: Final = timedelta(weeks=3)
LEAST_MESSAGES: Final = 60
#: so many usual messages missing are an alarm
MISSING: Final = 7.0
_HOUR: Final = timedelta(hours=1)


def missing(mailbox: Mailbox, clock: Clock) -> int | None:
    """How many messages should have come since the last one, when so many that it is an alarm; else None."""
    now, last = clock.now(), mailbox.last_mail_at
    if last is None:
        return None
    rows = Inbound.objects.filter(mailbox=mailbox, received_at__gte=now - HISTORY, received_at__lte=last)
    hours = rows.order_by().annotate(hour=TruncHour("received_at")).values_list("hour").annotate(Count("pk"))
    expected = usual(hours, last, now, ZoneInfo(mailbox.desk.timezone))
    return int(expected) if expected >= MISSING else None


def usual(hours: Iterable[tuple[datetime, int]], last: datetime, now: datetime, zone: ZoneInfo) -> float:
    """How many messages usually come between `last` and `now`, by the (hour, count) of the history; 0 with too little.

    Holidays and the like make an hour of the week emptier, never fuller: so the estimate is rather low. A history that
    began within the eight weeks counts from its first hour.
    """
    known = list(hours)
    if not known or sum(count for _hour, count in known) < LEAST_MESSAGES:
        return 0.0
    began = min(hour for hour, _count in known)
    if last - began < LEAST_HISTORY:
        return 0.0
    weeks = (last - began) / timedelta(weeks=1)
    counts: Counter[int] = Counter()
    for hour, count in known:
        counts[_of_week(hour, zone)] += count
    return sum(share * counts[_of_week(hour, zone)] / weeks for hour, share in _parts(last, now))


def _of_week(moment: datetime, zone: ZoneInfo) -> int:
    local = moment.astimezone(zone)
    return local.weekday() * 24 + local.hour


def _parts(since: datetime, until: datetime) -> Iterable[tuple[datetime, float]]:
    """The hours between two moments with the share of each that lies between; at most one week of them."""
    hour = since.replace(minute=0, second=0, microsecond=0)
    for _each in range(7 * 24):
        if hour >= until:
            return
        covered = min(until, hour + _HOUR) - max(since, hour)
        yield hour, covered / _HOUR
        hour += _HOUR
