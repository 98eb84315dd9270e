"""Who hears whom, from channels and bridges alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from helpline_switch.core.bridge import Bridge
from helpline_switch.core.channel import Channel, Line, Snoop, Spy
from helpline_switch.core.layout import Plan, plan

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def leg(name: str, **more: object) -> Channel:
    return Channel(name, f"PJSIP/{name}", NOW, line=Line("192.0.2.1", 20000), **more)  # type: ignore[arg-type]  # test data


def spy(name: str, target: str, spied: Spy, whisper: Spy) -> Channel:
    return Channel(name, f"Snoop/{name}", NOW, snoop=Snoop(target, spied, whisper))


def planned(channels: list[Channel], **bridges: list[str]) -> Plan:
    rooms = {name: Bridge(name, "", "mixing", NOW, list(members)) for name, members in bridges.items()}
    return plan({channel.id: channel for channel in channels}, rooms)


def hears(found: Plan, listener: str, speaker: str) -> bool:
    room = found.place[listener]
    return found.place.get(speaker) == room and found.gains.get((room, speaker, listener), 1.0) > 0


def test_members_of_a_bridge_hear_each_other() -> None:
    found = planned([leg("carl"), leg("ada")], room=["carl", "ada"])
    assert hears(found, "carl", "ada")
    assert hears(found, "ada", "carl")
    assert found.rooms == {"bridge:room"}


@pytest.mark.parametrize(
    ("whisper", "ada_hears", "carl_hears"),
    [("none", False, False), ("out", True, False), ("both", True, True), ("in", False, True)],
)
def test_lena_listens_whispers_barges(whisper: Spy, ada_hears: bool, carl_hears: bool) -> None:
    found = planned(
        [leg("carl"), leg("ada"), leg("lena"), spy("snoop", "ada", "both", whisper)],
        room=["carl", "ada"],
        listening=["snoop", "lena"],
    )
    assert hears(found, "lena", "ada")
    assert hears(found, "lena", "carl")
    assert hears(found, "ada", "lena") == ada_hears
    assert hears(found, "carl", "lena") == carl_hears
    assert hears(found, "ada", "carl")


def test_spying_on_one_side_only() -> None:
    found = planned(
        [leg("carl"), leg("ada"), leg("lena"), spy("snoop", "ada", "in", "none")],
        room=["carl", "ada"],
        listening=["snoop", "lena"],
    )
    assert hears(found, "lena", "ada")
    assert not hears(found, "lena", "carl")


def test_two_who_listen_do_not_hear_each_other() -> None:
    found = planned(
        [
            leg("ada"),
            leg("lena"),
            leg("sven"),
            spy("s1", "ada", "both", "none"),
            spy("s2", "ada", "both", "none"),
        ],
        one=["s1", "lena"],
        two=["s2", "sven"],
    )
    assert found.place["lena"] == found.place["sven"] == "solo:ada"
    assert not hears(found, "lena", "sven")
    assert not hears(found, "sven", "lena")


def test_a_holding_bridge_plays_music_and_nobody_hears_anybody() -> None:
    channels = {name: leg(name) for name in ("carl", "dora")}
    found = plan(channels, {"q": Bridge("q", "", "holding", NOW, ["carl", "dora"])})
    assert not hears(found, "carl", "dora")
    assert dict(found.music) == {"carl": "default", "dora": "default"}


def test_carl_hears_music_while_ada_holds_by_her_phone() -> None:
    carl, ada = leg("carl"), leg("ada")
    assert ada.line is not None
    ada.line.held = True
    assert dict(planned([carl, ada], room=["carl", "ada"]).music) == {"carl": "default"}
    three = planned([carl, ada, leg("sven")], room=["carl", "ada", "sven"])
    assert dict(three.music) == {}


def test_the_channels_own_music_wins_over_the_bridges() -> None:
    channels = {"carl": leg("carl", music="jazz"), "ada": leg("ada")}
    found = plan(channels, {"r": Bridge("r", "", "mixing", NOW, ["carl", "ada"], music="rock")})
    assert dict(found.music) == {"carl": "jazz", "ada": "rock"}
