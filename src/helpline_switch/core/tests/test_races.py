"""Both sides do anything in any order (P17): whatever happens, nothing hangs and every event has its counterpart."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from helpline_switch.core.errors import SwitchError
from helpline_switch.core.originate import Order
from helpline_switch.core.taping import TapeOrder
from helpline_switch.core.tests.fakes import Rig, phone_sdp
from helpline_switch.sip.events import Answered, Ended, Refused, Ringing, SipEvent, UpdateOffered

VERBS = (
    "carl calls", "answer", "originate", "ring", "agent answers", "agent refuses", "peer hangs up", "hang up",
    "make bridge", "join", "leave", "drop bridge", "record", "snoop", "hold", "deliver", "app away", "app back",
)  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 5)), max_size=40)


class Story:
    """Plays steps against a rig. The SIP side reports the end of each dialog that we hang up, but later."""

    def __init__(self, directory: Path) -> None:
        self.rig = Rig(directory)
        self.rig.account("ada", phones=2)
        self.reported = 0

    def pick(self, pool: list[str], number: int) -> str:
        return pool[number % len(pool)] if pool else "nobody"

    def deliver(self) -> None:
        """The ends of the dialogs that were hung up so far."""
        said, self.reported = self.rig.sip.said[self.reported :], len(self.rig.sip.said)
        for verb, dialog, *_ in said:
            if verb in ("hangup", "reject"):
                self.rig.switchboard.on_sip(Ended(dialog, "us", 16, ""))

    def sip(self, verb: str, dialog: str) -> SipEvent | None:
        events: dict[str, SipEvent] = {
            "ring": Ringing(dialog, None),
            "agent answers": Answered(dialog, phone_sdp()),
            "agent refuses": Refused(dialog, 486, ""),
            "peer hangs up": Ended(dialog, "peer", 16, ""),
            "hold": UpdateOffered(dialog, phone_sdp(direction="sendonly")),
        }
        return events.get(verb)

    async def do(self, verb: str, number: int) -> None:
        rig, board = self.rig, self.rig.switchboard
        channel_id = self.pick(list(rig.board.channels), number)
        bridge_id = self.pick(list(rig.board.bridges), number)
        dialog = self.pick(list(rig.board.dialogs), number)
        if verb == "carl calls":
            await rig.carl_calls()
        elif (event := self.sip(verb, dialog)) is not None:
            board.on_sip(event)
        elif verb == "originate":
            await board.originator.originate(Order("PJSIP/ada", "helpline", channel_id=f"leg-{number}"))
        elif verb == "deliver":
            self.deliver()
        elif verb in ("app away", "app back"):
            rig.apps.connected = {"helpline"} if verb == "app back" else set()
            if verb == "app back":
                board.dialplan.application_connected("helpline")
        elif verb in ("make bridge", "drop bridge", "join", "leave"):
            await self.bridge(verb, bridge_id, channel_id, number)
        else:
            await self.channel(verb, channel_id, number)

    async def bridge(self, verb: str, bridge_id: str, channel_id: str, number: int) -> None:
        bridging = self.rig.switchboard.bridging
        if verb == "make bridge":
            await bridging.create(f"b{number}", "mixing", "")
        elif verb == "drop bridge":
            await bridging.destroy(bridge_id)
        elif verb == "join":
            await bridging.add(bridge_id, [channel_id])
        else:
            await bridging.remove(bridge_id, [channel_id])

    async def channel(self, verb: str, channel_id: str, number: int) -> None:
        board = self.rig.switchboard
        channel = self.rig.board.controlled(channel_id)
        if verb == "answer":
            await board.arrivals.answer(channel)
        elif verb == "hang up":
            board.controls.hangup(channel, None, None)
        elif verb == "record":
            await board.taping.channel(channel, TapeOrder(f"r{number}", if_exists="overwrite"))
        elif verb == "snoop":
            board.controls.snoop(channel, "both", "out", "helpline", (), f"snoop-{number}")

    async def run(self, steps: list[tuple[str, int]]) -> None:
        for verb, number in steps:
            try:
                await self.do(verb, number)
            except SwitchError:
                continue  # refused with a reason, as an ARI client would be told
            if number % 2:
                await self.rig.board.idle()
        await self.rig.switchboard.hang_up_all()
        self.deliver()
        await self.rig.board.idle()


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_nothing_hangs_whatever_happens(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:

        async def play() -> Rig:
            story = Story(Path(directory))
            await story.run(steps)
            return story.rig

        rig = asyncio.run(play())
    assert (rig.board.channels, rig.board.dialogs) == ({}, {})
    assert sorted(rig.media.commands("open_leg")) == sorted(rig.media.commands("close_leg"))
    assert all(bridge.channels == [] for bridge in rig.board.bridges.values())
    counts = Counter((kind, fields["channel"].id) for kind, fields in rig.apps.heard if "channel" in fields)
    pairs = (
        ("ChannelCreated", "ChannelDestroyed"),
        ("StasisStart", "StasisEnd"),
        ("ChannelEnteredBridge", "ChannelLeftBridge"),
    )
    for (kind, channel), count in counts.items():
        for begin, end in pairs:
            if kind in (begin, end):
                assert counts[begin, channel] == counts[end, channel] == count, (channel, begin, end)
