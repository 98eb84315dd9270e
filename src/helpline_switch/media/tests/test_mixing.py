"""The gain matrix of a room and the batch of many rooms, without sockets."""

import numpy as np
import pytest

from helpline_switch.media.recording import Recording, Spec, Writer
from helpline_switch.media.room import Room, grouped


def room(name: str, *members: str, **gains: float) -> Room:
    made = Room(name, lambda event: None)
    made.members = list(members)
    made.gains = {tuple(pair.split("_")): gain for pair, gain in gains.items()}
    return made


@pytest.fixture
def recording(tmp_path):
    writer = Writer()
    yield lambda target, *left: Recording(Spec("r", target, tmp_path / "r.wav", left), writer)
    writer.close()


def mixed(rooms: list[Room], voices: dict[str, float], recordings=None, played=None):
    places = {name: place for place, name in enumerate(voices)}
    pcm = np.repeat(np.array(list(voices.values()), np.float32)[:, None], 160, axis=1)
    out = np.zeros_like(pcm)
    groups = grouped({each.id: each for each in rooms}, places, recordings or {})
    taken = [group.mix(pcm, out, played or {}) for group in groups]
    sides = np.concatenate([each for each in taken if len(each)]) if recordings else None
    return {name: out[place, 0] for name, place in places.items()}, sides


def test_everyone_hears_the_others():
    heard, _ = mixed([room("call", "carl", "ada", "sven")], {"carl": 1, "ada": 10, "sven": 100})
    assert heard == {"carl": 110, "ada": 101, "sven": 11}


def test_rooms_of_several_sizes_in_one_batch():
    rooms = [room("a", "carl", "ada"), room("b", "lena", "ben"), room("c", "sven"), room("d")]
    heard, _ = mixed(rooms, {"ben": 1, "ada": 10, "sven": 100, "carl": 1000, "lena": 10000})
    assert heard == {"ben": 10000, "ada": 1000, "sven": 0, "carl": 10, "lena": 1}


def test_a_whisper_is_heard_by_one_alone_and_is_not_recorded(recording):
    call = room("call", "carl", "ada", "lena", lena_carl=0.0, lena_ada=0.5)
    voices = {"carl": 1, "ada": 10, "lena": 100}
    heard, sides = mixed([call], voices, {"call": [recording("call", "carl")]})
    assert heard == {"carl": 10, "ada": 51, "lena": 11}
    assert sides[:, :, 0].tolist() == [[1, 10]]


def test_caller_left_and_all_else_right(recording):
    call = room("call", "ada", "carl", "sven")
    voices = {"carl": 1, "ada": 10, "sven": 100}
    _, sides = mixed([call], voices, {"call": [recording("call", "carl")]})
    assert sides[:, :, 0].tolist() == [[1, 110]]


def test_a_recording_without_its_caller_goes_on_right(recording):
    _, sides = mixed(
        [room("call", "ada", "sven")], {"ada": 10, "sven": 100}, {"call": [recording("call", "carl")]}
    )
    assert sides[:, :, 0].tolist() == [[0, 110]]


def test_what_is_played_to_a_room_is_heard_and_recorded_right(recording):
    call, frame = room("call", "carl", "ada"), np.full(160, 1000, np.float32)
    heard, sides = mixed(
        [call], {"carl": 1, "ada": 10}, {"call": [recording("call", "carl")]}, {"call": frame}
    )
    assert heard == {"carl": 1010, "ada": 1001}
    assert sides[:, :, 0].tolist() == [[1, 1010]]
