"""A switchboard whose SIP, media and browser sides only remember what they were told."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from helpline_switch.core.board import Board, Rules
from helpline_switch.core.notices import Notice
from helpline_switch.core.ports import Clock
from helpline_switch.core.recording import StoredRecordings
from helpline_switch.core.switchboard import Switchboard
from helpline_switch.media.client import LocalMedia
from helpline_switch.media.errors import NoPortFree
from helpline_switch.media.prompts import PromptMissing
from helpline_switch.media.stats import LegStats
from helpline_switch.sip.accounts import Account, Accounts
from helpline_switch.sip.events import Contact, Incoming, Party

HA1 = "0123456789abcdef0123456789abcdef"


def phone_sdp(port: int = 9000, direction: str = "sendrecv") -> str:
    """The session description of a desk phone."""
    return (
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    )


@dataclass
class FakeSip:
    """``said`` holds (verb, dialog, ...) in order."""

    accounts: Accounts = field(default_factory=lambda: Accounts("helpline", lambda name: None))
    registered: dict[str, tuple[Contact, ...]] = field(default_factory=dict)
    said: list[tuple[Any, ...]] = field(default_factory=list)

    def contacts(self, username: str) -> tuple[Contact, ...]:
        return self.registered.get(username, ())

    def call(self, dialog_id: str, *, target: object, caller: Party, sdp: str) -> None:
        self.said.append(("call", dialog_id))

    def answer(self, dialog_id: str, sdp: str) -> None:
        self.said.append(("answer", dialog_id))

    def hangup(self, dialog_id: str, q850: int = 16, reason: str | None = None) -> None:
        self.said.append(("hangup", dialog_id, q850))

    def reject(self, dialog_id: str, code: int, reason: str) -> None:
        self.said.append(("reject", dialog_id, code))

    def __getattr__(self, verb: str) -> Callable[..., None]:
        return lambda dialog_id, *rest: self.said.append((verb, dialog_id))


@dataclass
class FakeMedia:
    """``did`` holds (command, arguments, keywords). ``full``: no port is free. ``silent_s`` is every leg's silence."""

    did: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    full: bool = False
    silent_s: float = 0.0

    async def open_leg(self, leg_id: str) -> LocalMedia:
        if self.full:
            raise NoPortFree("none")
        self.did.append(("open_leg", (leg_id,), {}))
        return LocalMedia("192.0.2.1", 20000 + 2 * len(self.did))

    async def close_leg(self, leg_id: str) -> LegStats:
        self.did.append(("close_leg", (leg_id,), {}))
        return LegStats(0, 0, 0, 0, 0, self.silent_s)

    async def leg_stats(self, leg_id: str) -> LegStats:
        return LegStats(0, 0, 0, 0, 0, self.silent_s)

    def __getattr__(self, command: str) -> Callable[..., Any]:
        async def remember(*arguments: Any, **keywords: Any) -> None:
            self.did.append((command, arguments, keywords))

        return remember

    def commands(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of every such command so far."""
        return [arguments for command, arguments, _ in self.did if command == name]


class FakeBrowser:
    """Browser media that is never asked in these tests."""


class FakePrompts:
    """One sound exists: hello."""

    def sound(self, name: str, language: str) -> Path:
        if name != "hello":
            raise PromptMissing(name)
        return Path("/sounds/hello.wav")

    async def speech(self, text: str, language: str) -> Path:
        return Path(f"/speech/{language}-{text}.wav")


@dataclass
class Apps:
    """The applications: ``heard`` holds what was published, as (type, fields)."""

    connected: set[str] = field(default_factory=lambda: {"helpline"})
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def is_connected(self, app: str) -> bool:
        return app in self.connected

    def publish(self, notice: Notice) -> None:
        self.heard.append((notice.type, dict(notice.fields)))

    def types(self) -> list[str]:
        return [kind for kind, _ in self.heard]

    def last(self, kind: str) -> dict[str, Any]:
        return next(fields for found, fields in reversed(self.heard) if found == kind)


@dataclass
class Rig:
    """A switchboard with its fakes. ``at`` is the monotonic time in seconds."""

    directory: Path
    rules: Rules = field(default_factory=Rules)
    at: float = 1000.0

    def __post_init__(self) -> None:
        self.sip, self.media, self.apps = FakeSip(), FakeMedia(), Apps()
        start = datetime(2026, 11, 22, 9, tzinfo=UTC)
        self.board = Board(
            sip=self.sip,
            media=self.media,
            browser=FakeBrowser(),  # type: ignore[arg-type]  # never asked here
            prompts=FakePrompts(),
            listeners=self.apps,
            stored=StoredRecordings(self.directory),
            clock=Clock(lambda: start + timedelta(seconds=self.at), lambda: self.at),
            rules=self.rules,
        )
        self.switchboard = Switchboard(self.board)
        self._numbers = itertools.count(1)

    def account(self, name: str, phones: int = 1) -> None:
        """An account with that many registered phones."""
        self.sip.accounts.put(Account(name, HA1, "helpline"))
        self.sip.registered[name] = tuple(
            Contact(f"sip:{name}@192.0.2.{n}", "udp", "", 9e9, "phone", False, ("192.0.2.9", 5060), str(n), 1)
            for n in range(phones)
        )

    async def carl_calls(self, called: str = "100", account: str | None = None) -> str:
        """A call comes in; its dialog id."""
        dialog = f"carl-{next(self._numbers)}"
        self.switchboard.on_sip(
            Incoming(
                dialog, Party("Carl", "carl", "192.0.2.7"), called, phone_sdp(), "udp", ("192.0.2.7", 5060),
                account, False, {"call-id": dialog},
            )
        )  # fmt: skip
        await self.board.idle()
        return dialog

    async def carls_channel(self) -> str:
        """A call comes in and is answered; its channel id."""
        dialog = await self.carl_calls()
        channel = self.board.channels[self.board.dialogs[dialog]]
        await self.switchboard.arrivals.answer(channel)
        return channel.id
