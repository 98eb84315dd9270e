"""Who may hear a call, in parts and as a whole; and that every second of a call counts once."""

import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.people.models import Desk, RoleGrant, User
from helpline.telephony import recordings, spans
from helpline.telephony.models import (
    Call,
    CallState,
    Leg,
    LegRole,
    Recording,
    RecordingAccess,
    RecordingState,
)

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def person(name: str, desk: Desk, role: Role) -> User:
    user = User.objects.create(username=name)
    RoleGrant.objects.create(user=user, desk=desk, role=role)
    return user


@pytest.fixture
def acme(db: None, settings: Any, tmp_path: Path) -> Desk:
    settings.MEDIA_ROOT = tmp_path
    return Desk.objects.create(key="acme", name="Acme", recording_days=30)


@pytest.fixture
def sound(acme: Desk, tmp_path: Path) -> Recording:
    """A stored recording of a call that Ada had: one second of stereo."""
    call = Call.objects.create(desk=acme, state=CallState.ENDED, started_at=NOON, ended_at=NOON)
    ada = person("ada", acme, Role.AGENT)
    Leg.objects.create(id="ada-1", call=call, role=LegRole.AGENT, user=ada, state="ended", created_at=NOON)
    clock = SetClock(NOON)
    recordings.begin(call.pk, "call-1", clock)
    part = tmp_path / "recordings" / "x.part"
    part.parent.mkdir()
    with wave.open(str(part), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(32_000))
    recordings.stored("call-1", recordings.keep(part), clock)
    return Recording.objects.get()


def signed_in(client: Client, name: str) -> Client:
    client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_it_is_stored_under_what_it_holds_and_kept_as_long_as_the_desk_says(sound: Recording) -> None:
    assert sound.state == RecordingState.STORED
    assert (sound.duration_ms, sound.size) == (1000, 32_044)
    assert sound.keep_until == NOON + timedelta(days=30)
    assert recordings.path_of(sound).name == f"{sound.sha256}.wav"


def test_ada_hears_her_call_and_it_is_written_down(sound: Recording, client: Client) -> None:
    answer = signed_in(client, "ada").get(f"/recordings/{sound.pk}.wav")
    assert (answer.status_code, answer["Content-Type"]) == (200, "audio/wav")
    assert len(b"".join(answer.streaming_content)) == 32_044  # type: ignore[attr-defined]  # a streamed answer
    assert RecordingAccess.objects.get().user == User.objects.get(username="ada")


@pytest.mark.parametrize(
    ("asked", "first", "size"), [("bytes=0-9", 0, 10), ("bytes=32000-", 32_000, 44), ("bytes=-4", 32_040, 4)]
)
def test_a_part_of_it(sound: Recording, client: Client, asked: str, first: int, size: int) -> None:
    answer = signed_in(client, "ada").get(f"/recordings/{sound.pk}.wav", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {first}-{first + size - 1}/32044"
    assert len(b"".join(answer.streaming_content)) == size  # type: ignore[attr-defined]  # a streamed answer


def test_others_may_not(sound: Recording, acme: Desk, client: Client) -> None:
    person("ben", acme, Role.AGENT)
    person("greta", Desk.objects.create(key="globex", name="Globex"), Role.LEAD)
    person("lena", acme, Role.LEAD)
    seen = {
        name: signed_in(client, name).get(f"/recordings/{sound.pk}.wav").status_code
        for name in ("ben", "greta", "lena")
    }
    assert seen == {"ben": 403, "greta": 404, "lena": 200}
    assert RecordingAccess.objects.count() == 1


def test_when_its_time_is_over_the_sound_goes_and_the_row_stays(
    sound: Recording, django_capture_on_commit_callbacks: Any
) -> None:
    clock = SetClock(NOON + timedelta(days=31))
    with django_capture_on_commit_callbacks(execute=True):
        assert recordings.erase_due(clock) == 1
        assert recordings.path_of(sound).exists(), "not before the rows say so"
    assert not recordings.path_of(sound).exists()
    assert Recording.objects.get().state == RecordingState.ERASED


def test_a_crash_before_the_file_went_is_made_good(sound: Recording) -> None:
    recordings.erase_due(SetClock(NOON + timedelta(days=31)))
    assert recordings.path_of(sound).exists(), "the process died right after the commit"
    recordings.erase_what_is_due()
    assert not recordings.path_of(sound).exists()
    assert Recording.objects.get().sha256 == ""


def test_the_same_sound_of_another_call_stays(
    sound: Recording, django_capture_on_commit_callbacks: Any
) -> None:
    twin = Recording.objects.create(
        call=sound.call, name="twin", state=RecordingState.STORED, sha256=sound.sha256, started_at=NOON
    )
    for row, there in ((sound, True), (twin, False)):
        with django_capture_on_commit_callbacks(execute=True):
            recordings.erase(row)
        assert recordings.path_of(sound).exists() == there


STATES = st.sampled_from([state for state in CallState if state != CallState.ENDED])


@given(st.lists(st.tuples(STATES, st.integers(0, 10_000)), min_size=1, max_size=20))
def test_every_second_counts_exactly_once(stays: list[tuple[CallState, int]]) -> None:
    at, changes = NOON, []
    for state, milliseconds in stays:
        changes.append((at, str(state)))
        at += timedelta(milliseconds=milliseconds)
    times = spans.fold(changes, at)
    whole = sum(milliseconds for _, milliseconds in stays)
    assert (times.flow_s + times.wait_s + times.talk_s + times.hold_s) * 1000 == whole


def test_what_a_full_disk_left_is_kept_with_the_reason(sound: Recording) -> None:
    """Until it is fetched again and whole."""
    kept = recordings.Kept(sound.sha256, sound.size, 1.0)
    recordings.stored("call-1", kept, SetClock(NOON), failure="No space left on device")
    sound.refresh_from_db()
    assert (sound.state, sound.failure) == (RecordingState.STORED, "No space left on device")
    recordings.stored("call-1", kept, SetClock(NOON))
    sound.refresh_from_db()
    assert sound.failure == ""
