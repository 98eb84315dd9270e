"""Sixty calls at five per second: nobody is forgotten, nothing is counted twice, nothing stays behind."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from itertools import count, pairwise
from typing import Any

import pytest

from tests.journeys.floor import TEMPS, Floor
from tests.peers.baresip import Phone
from tests.peers.sipp import Caller, Sipp

pytestmark = [pytest.mark.switch, pytest.mark.peer, pytest.mark.slow, pytest.mark.postgres]

PATIENT, HASTY, PER_SECOND = 50, 10, 5.0
TALK_S = 3.0
AGENTS = ("ada", "ben", *TEMPS)
#: numbers of callers begin with another digit each time the journey is played
PREFIXES = count(7701)
#: how much sound is more than none (milliseconds); how soon two are together is for the bench to measure
SOME_MS = 100

_BOOKS = """
import json
from pathlib import Path
from django.conf import settings
from helpline.acd.models import QueueEntry, Reservation
from helpline.telephony.models import Call, Recording
mine = Call.objects.filter(from_number__startswith="PREFIX")
entries = QueueEntry.objects.filter(call__in=mine)
offers = Reservation.objects.filter(call__in=mine)
files = {path.stem for path in (Path(settings.MEDIA_ROOT) / "recordings").glob("*/*.wav")}
stored = Recording.objects.filter(state="stored")
print(json.dumps({
    "calls": [[str(one.pk), one.outcome, one.state] for one in mine],
    "entries": [[str(one.call_id), one.outcome, one.entered_at.isoformat()] for one in entries],
    "offers": [[one.user.username, str(one.call_id), one.made_at.isoformat(), one.closed_at.isoformat(), one.outcome]
        for one in offers.select_related("user").order_by("made_at")],
    "recordings": [[str(one.call_id), one.state, one.duration_ms] for one in Recording.objects.filter(call__in=mine)],
    "files without row": sorted(files - set(stored.values_list("sha256", flat=True))),
    "rows without file": [one.sha256 for one in stored if one.sha256 not in files],
}))
"""


def _chooses(caller: Caller) -> Caller:
    """Key 3 by RFC 4733; SIPp needs raw sockets for that, so else by INFO."""
    return caller.play_key("3") if os.geteuid() == 0 else caller.info_key("3")


async def _serve(phone: Phone) -> None:
    """An agent whose phone picks up by itself talks for three seconds, again and again."""
    while True:
        talk = (await phone.expect("CALL_ESTABLISHED", 300))["id"]
        await asyncio.sleep(TALK_S)
        if not any(event["type"] == "CALL_CLOSED" and event["id"] == talk for event in phone.events):
            await phone.hang_up()


async def test_sixty_calls(floor: Floor) -> None:
    prefix = f"0{next(PREFIXES)}"
    phones = [await floor.phone(name, mode="auto") for name in AGENTS]
    serving = [asyncio.create_task(_serve(phone)) for phone in phones]
    patient = _chooses(Caller(caller=f"{prefix}[call_number]").invite().answered().wait(1)).stays(240)
    hasty = _chooses(Caller(caller=f"{prefix}8[call_number]").invite().answered().wait(1)).wait(2).bye()
    share = PER_SECOND / (PATIENT + HASTY)
    try:
        async with (
            Sipp(
                floor.desk, patient, floor.directory, calls=PATIENT, rate=PATIENT * share, timeout_s=300
            ) as many,  # type: ignore[arg-type]  # has the port
            Sipp(floor.desk, hasty, floor.directory, calls=HASTY, rate=HASTY * share, timeout_s=300) as few,  # type: ignore[arg-type]  # as above
        ):
            await few.finished(120)
            await many.finished(300)
        await floor.clean(60, resting=AGENTS)
    finally:
        for task in serving:
            task.cancel()
        ended = await asyncio.gather(*serving, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended
    printed = await floor.command("shell", "-c", _BOOKS.replace("PREFIX", prefix))
    books = json.loads(printed.strip().splitlines()[-1])
    _conserved(books)
    _recorded(books)
    _one_offer_at_a_time(books)
    _nobody_overtaken(books)


def _conserved(books: dict[str, Any]) -> None:
    """P11: offered = answered + abandoned + flowed out; nobody waits any more, each stay has one outcome."""
    assert len(books["calls"]) == PATIENT + HASTY
    assert {state for _call, _outcome, state in books["calls"]} == {"ended"}
    stays = Counter(call for call, _outcome, _at in books["entries"])
    assert set(stays.values()) == {1}
    outcomes = Counter(outcome for _call, outcome, _at in books["entries"])
    assert outcomes["answered"] >= PATIENT
    assert outcomes["answered"] + outcomes["abandoned"] + outcomes["flowed_out"] == PATIENT + HASTY
    of_calls = Counter(outcome for _call, outcome, _state in books["calls"])
    assert of_calls == {key: count for key, count in outcomes.items() if count}


def _recorded(books: dict[str, Any]) -> None:
    """P12: each answered call has one recording at home, and no sound is without an owner."""
    answered = {call for call, outcome, _state in books["calls"] if outcome == "answered"}
    assert sorted(call for call, _state, _ms in books["recordings"]) == sorted(answered)
    assert {state for _call, state, _ms in books["recordings"]} == {"stored"}
    assert min(ms for _call, _state, ms in books["recordings"]) > SOME_MS
    assert books["files without row"] == books["rows without file"] == []


def _one_offer_at_a_time(books: dict[str, Any]) -> None:
    """P1: no agent is kept for two callers at the same moment."""
    for name in AGENTS:
        mine = [(made, closed) for user, _call, made, closed, _how in books["offers"] if user == name]
        assert all(closed <= made for (_, closed), (made, _) in pairwise(mine)), (
            name,
            mine,
        )


def _nobody_overtaken(books: dict[str, Any]) -> None:
    """P7: all waited for the same, so they were offered in the order in which they came."""
    first_offer: dict[str, str] = {}
    for _user, call, made, _closed, _how in books["offers"]:
        first_offer.setdefault(call, made)
    came = [call for call, _outcome, _at in sorted(books["entries"], key=lambda entry: entry[2])]
    offered = [first_offer[call] for call in came if call in first_offer]
    assert offered == sorted(offered)
