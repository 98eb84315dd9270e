"""Who is in which room of the mixer and hears whom: computed from channels and bridges, never kept by hand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from helpline_switch.core.bridge import Bridge
from helpline_switch.core.channel import Channel, Snoop

DEFAULT_MUSIC = "default"

GainKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """``place``: leg -> room. ``gains``: (room, speaker, listener) -> gain, only where it is not 1.
    ``music``: leg -> class. ``rooms``: every room that must exist, empty ones too."""

    rooms: frozenset[str] = frozenset()
    place: Mapping[str, str] = field(default_factory=dict)
    gains: Mapping[GainKey, float] = field(default_factory=dict)
    music: Mapping[str, str] = field(default_factory=dict)


def plan(channels: Mapping[str, Channel], bridges: Mapping[str, Bridge]) -> Plan:
    """The mixer's state that these channels and bridges ask for."""
    watchers = _watchers(channels, bridges)
    place = _natives(channels, bridges, watchers)
    for leg, snoop in watchers.items():
        place[leg] = place.setdefault(snoop.target, f"solo:{snoop.target}")
    gains = _watching_gains(place, watchers) | _holding_gains(place, bridges)
    rooms = frozenset(bridge.room for bridge in bridges.values()) | frozenset(place.values())
    return Plan(rooms, place, gains, _music(channels, bridges))


def _watchers(channels: Mapping[str, Channel], bridges: Mapping[str, Bridge]) -> dict[str, Snoop]:
    """Legs that sit in a bridge with a snoop channel: they hear the watched channel's room, not their bridge."""
    found: dict[str, Snoop] = {}
    for bridge in bridges.values():
        snoop = _live_snoop(bridge, channels)
        if snoop is not None:
            legs = (leg for leg in _legs(bridge, channels) if leg != snoop.target)
            found.update(dict.fromkeys(legs, snoop))
    # A watched watcher stays where he is: nobody is in two rooms.
    return {leg: snoop for leg, snoop in found.items() if snoop.target not in found}


def _live_snoop(bridge: Bridge, channels: Mapping[str, Channel]) -> Snoop | None:
    members = (channels[member] for member in bridge.channels if member in channels)
    snoops = (member.snoop for member in members if member.snoop is not None and not member.ended)
    return next((s for s in snoops if s.target in channels and channels[s.target].has_audio), None)


def _legs(bridge: Bridge, channels: Mapping[str, Channel]) -> list[str]:
    return [member for member in bridge.channels if member in channels and channels[member].has_audio]


def _natives(
    channels: Mapping[str, Channel], bridges: Mapping[str, Bridge], watchers: Mapping[str, Snoop]
) -> dict[str, str]:
    return {
        leg: bridge.room
        for bridge in bridges.values()
        for leg in _legs(bridge, channels)
        if leg not in watchers
    }


def _watching_gains(place: Mapping[str, str], watchers: Mapping[str, Snoop]) -> dict[GainKey, float]:
    gains: dict[GainKey, float] = {}
    for leg, snoop in watchers.items():
        room = place[leg]
        for other in (o for o, where in place.items() if where == room and o != leg):
            if other in watchers:
                if watchers[other] is not snoop:
                    gains[room, other, leg] = gains[room, leg, other] = 0.0
                continue
            side = "in" if other == snoop.target else "out"
            opposite = "out" if side == "in" else "in"
            if snoop.spy not in (side, "both"):
                gains[room, other, leg] = 0.0
            if snoop.whisper not in (opposite, "both"):
                gains[room, leg, other] = 0.0
    return gains


def _holding_gains(place: Mapping[str, str], bridges: Mapping[str, Bridge]) -> dict[GainKey, float]:
    gains: dict[GainKey, float] = {}
    for bridge in (b for b in bridges.values() if b.kind == "holding"):
        legs = [leg for leg, room in place.items() if room == bridge.room]
        gains |= {(bridge.room, a, b): 0.0 for a in legs for b in legs if a != b}
    return gains


def _music(channels: Mapping[str, Channel], bridges: Mapping[str, Bridge]) -> dict[str, str]:
    music: dict[str, str] = {}
    for bridge in bridges.values():
        legs = _legs(bridge, channels)
        wanted = bridge.music or (DEFAULT_MUSIC if bridge.kind == "holding" else None)
        if wanted:
            music.update(dict.fromkeys(legs, wanted))
        elif len(bridge.channels) == 2:
            music.update(dict.fromkeys(_waiting_for_holder(legs, channels), DEFAULT_MUSIC))
    music.update({leg: c.music for leg, c in channels.items() if c.music and c.has_audio})
    return music


def _waiting_for_holder(legs: Iterable[str], channels: Mapping[str, Channel]) -> list[str]:
    """Of two who talk, the one whose partner put the call on hold by his phone."""
    pair = list(legs)
    held = [leg for leg in pair if (line := channels[leg].line) is not None and line.held]
    return [leg for leg in pair if leg not in held] if held else []
