"""Processes say that they live; the health page believes only what is fresh."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from helpline.core.clock import SYSTEM, Clock
from helpline.core.models import Heartbeat

#: seconds between beats, and the age at which a process counts as down
BEAT_S = 2.0
DOWN_AFTER_S = 8.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known of a process. `age_s` in seconds."""

    process: str
    up: bool
    age_s: float
    pid: int
    detail: Mapping[str, Any]


def beat(process: str, detail: Mapping[str, Any] | None = None, clock: Clock = SYSTEM) -> None:
    """Say that this process is alive now."""
    Heartbeat.objects.update_or_create(
        process=process,
        defaults={"at": clock.now(), "pid": os.getpid(), "detail": dict(detail or {})},
    )


def pulses(clock: Clock = SYSTEM) -> dict[str, Pulse]:
    """Every process that ever beat, by name."""
    now = clock.now()
    found = {}
    for row in Heartbeat.objects.all():
        age = now - row.at
        found[row.process] = Pulse(
            process=row.process,
            up=age < timedelta(seconds=DOWN_AFTER_S),
            age_s=round(age.total_seconds(), 3),
            pid=row.pid,
            detail=row.detail,
        )
    return found


def stopped(process: str) -> None:
    """Forget a process that was stopped on purpose."""
    Heartbeat.objects.filter(process=process).delete()
