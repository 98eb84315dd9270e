"""How a leg sounded and who talked: from the events of either switch to the call's page."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.people.models import Desk, RoleGrant, User
from helpline.telephony import recordings, sound
from helpline.telephony.listener import hear
from helpline.telephony.models import Call, CallState, Leg, LegRole, Recording

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
CLOCK = SetClock(NOON)
STATISTICS = {
    "rxcount": 980,
    "rxploss": 20,
    "txcount": 1000,
    "txploss": 0,
    "rxjitter": 0.0123,
    "txjitter": 0.001,
    "rtt": 0.084,
    "helpline_codec": "G722",
    "helpline_encrypted": True,
    "helpline_mos_estimate": 3.41,
    "helpline_their_mos_estimate": None,
}


@pytest.fixture
def call(db: None) -> Call:
    """Ada's talk with Carl, just over."""
    desk = Desk.objects.create(key="acme", name="Acme")
    ada = User.objects.create(username="ada")
    RoleGrant.objects.create(user=ada, desk=desk, role=Role.AGENT)
    made = Call.objects.create(desk=desk, agent=ada, state=CallState.ENDED, started_at=NOON, ended_at=NOON)
    Leg.objects.create(id="carl-1", call=made, role=LegRole.CALLER, state="ended", created_at=NOON)
    Leg.objects.create(id="ada-1", call=made, role=LegRole.AGENT, user=ada, state="ended", created_at=NOON)
    return made


def told(leg: str, **statistics: object) -> dict[str, object]:
    return {
        "type": "ChannelUserevent",
        "eventname": "helpline_quality",
        "channel": {"id": leg},
        "userevent": STATISTICS | statistics,
    }


def test_a_leg_keeps_how_it_sounded(call: Call) -> None:
    assert hear(told("carl-1"), CLOCK) == []
    kept = Leg.objects.get(pk="carl-1").sound
    assert (kept["lost"], kept["received"], kept["jitter_ms"], kept["round_trip_ms"]) == (20, 980, 12.3, 84.0)
    assert "their_mos" not in kept
    assert sound.words(kept) == (
        "2.0 % lost · jitter 12 ms · round trip 84 ms · MOS about 3.4 (estimate) · G722, SRTP"
    )
    assert sound.is_poor(kept)


def test_asterisk_tells_the_same_in_a_variable(call: Call) -> None:
    value = (
        "ssrc=1;themssrc=2;lp=10;rxjitter=0.002;rxcount=990;txjitter=0.001;txcount=1000;rlp=3;rtt=0.02;bad"
    )
    event = {"type": "ChannelVarset", "variable": "RTPAUDIOQOS", "value": value, "channel": {"id": "carl-1"}}
    assert hear(event, CLOCK) == []
    kept = Leg.objects.get(pk="carl-1").sound
    assert (kept["lost"], kept["their_lost"], kept["jitter_ms"], kept["round_trip_ms"]) == (10, 3, 2.0, 20.0)
    assert sound.words(kept) == "1.0 % lost · jitter 2 ms · round trip 20 ms"
    assert not sound.is_poor(kept)


def test_a_leg_we_do_not_know_and_nonsense_change_nothing(call: Call) -> None:
    for event in (
        told("stranger"),
        told("carl-1") | {"eventname": "something else"},
        {"type": "ChannelVarset", "variable": "RTPAUDIOQOS", "value": ";;=;x", "channel": {"id": "carl-1"}},
        {"type": "ChannelUserevent", "eventname": "helpline_quality"},
    ):
        assert hear(event, CLOCK) == []
    assert Leg.objects.get(pk="carl-1").sound == {}
    assert sound.words({}) == sound.words({"received": 0, "lost": 3}) == ""


def test_who_talked_is_kept_with_the_recording(call: Call) -> None:
    recordings.begin(call.pk, "call-1", CLOCK)
    talk = {"left_s": 30.0, "right_s": 60.0, "both_s": 4.2, "silence_s": 12.0}
    event = {
        "type": "RecordingFinished",
        "recording": {"name": "call-1", "duration": 98, "helpline_talk": talk},
    }
    assert len(hear(event, CLOCK)) == 1
    assert Recording.objects.get(name="call-1").talk == talk
    assert sound.talk_words(talk) == "Talk: caller 33 %, desk 67 %, at once 4 s, silence 12 s"
    assert sound.talk_words({}) == ""


def test_the_page_of_the_call_says_it_in_one_line_per_leg(call: Call, client: Client) -> None:
    hear(told("carl-1"), CLOCK)
    hear(told("ada-1", rxploss=0, helpline_mos_estimate=4.4), CLOCK)
    client.force_login(call.agent)
    page = client.get(f"/calls/{call.pk}/").content.decode()
    assert page.count("Sound:") == 2
    assert "MOS about 3.4 (estimate)" in page
    assert "0.0 % lost" in page
