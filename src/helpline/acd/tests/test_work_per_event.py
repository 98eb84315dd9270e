"""What one event costs the acd process: many calls share its one database thread."""

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpline.acd.conductor import Conductor
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch
from helpline.core.models import OutboxEvent
from helpline.telephony.models import Call

#: the most statements of one event of its kind in a call from ring to goodbye. The two large ones also do what the
#: guided call does with them: the key opens its run with the offer, the bridge opens ticket and first step.
MOST = {
    "StasisStart": 18,
    "ChannelStateChange": 20,
    "PlaybackFinished": 4,
    "ChannelDtmfReceived": 56,
    "ChannelEnteredBridge": 82,
    "ChannelDestroyed": 42,
}


def a_call(cast: Cast, switch: PaperSwitch, leg: str) -> Call:
    call = switch.call(leg)
    switch.heard_out(call)
    switch.press(leg, "1")
    switch.pick_up(cast.ada, call)
    switch.hang_up(leg)
    switch.wait(40)
    return call


def test_an_event_asks_the_database_little(
    cast: Cast, switch: PaperSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent: Counter[str] = Counter()
    perform = Conductor.perform

    def counted(self: Conductor, item: object) -> object:
        with CaptureQueriesContext(connection) as asked:
            orders = perform(self, item)  # type: ignore[arg-type]  # passed on as it came
        kind = item.args[0]["type"] if getattr(item, "args", ()) else "other"  # type: ignore[attr-defined]
        statements = [
            one for one in asked if "pg_advisory" not in one["sql"]
        ]  # the outbox's order (decision 7)
        spent[kind] = max(spent[kind], len(statements))
        return orders

    switch.on_duty(cast.ada)
    a_call(cast, switch, "carl-0")
    monkeypatch.setattr(Conductor, "perform", counted)
    a_call(cast, switch, "carl-1")
    over = {kind: (spent[kind], most) for kind, most in MOST.items() if spent[kind] > most}
    assert not over, over
    assert all(spent[kind] for kind in MOST), spent


def test_pages_are_told_once_per_event(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.call()
    before = OutboxEvent.objects.order_by("-pk").values_list("pk", flat=True)[0]
    switch.press("carl-1", "1")
    told = OutboxEvent.objects.filter(pk__gt=before, kind="call_changed", data__call_id=str(call.pk))
    # the key with queue and offer, then the phone that rings
    assert told.count() == 2
    assert f"user:{cast.ada.pk}" in told[0].topics
