"""Two halves make a recording."""

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpline.telephony import orders as o
from helpline.telephony.ari import AriError
from helpline.telephony.asterisk import tape


class PaperAri:
    """Answers as Asterisk does for channels, live and stored recordings; remembers what was asked for."""

    def __init__(self, *, channels: dict[str, str] | None = None, live: set[str] | None = None) -> None:
        self.channels = channels or {}
        self.live = live or set()
        self.stored: dict[str, Path] = {}
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    async def get(self, path: str, **params: Any) -> Any:
        kind, _, name = path.strip("/").rpartition("/")
        if kind == "bridges":
            return {"channels": list(self.channels)}
        if kind == "channels" and name in self.channels:
            return {"id": name, "channelvars": {"HELPLINE_SIDE": self.channels[name]}}
        if (kind == "recordings/live" and name in self.live) or (
            kind == "recordings/stored" and name in self.stored
        ):
            return {"name": name}
        raise AriError(404, "not found", path)

    async def post(self, path: str, body: Any = None, **params: Any) -> Any:
        self.asked.append(("POST", path, params))

    async def delete(self, path: str, **params: Any) -> Any:
        self.asked.append(("DELETE", path, params))

    async def download(self, path: str, target: Path) -> int:
        name = path.split("/")[3]
        if name not in self.stored:
            raise AriError(404, "Recording not found", path)
        return target.write_bytes(self.stored[name].read_bytes())


def mono(path: Path, samples: list[int], *, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.array(samples, np.int16).tobytes())
    return path


def stereo(path: Path) -> list[list[int]]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 8000)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2).tolist()


def test_names_lead_back_to_the_recording() -> None:
    assert tape.halves("call-1") == ("call-1-in", "call-1-out")
    assert [tape.whole(name) for name in ("call-1-in", "call-1-out", "call-1")] == ["call-1"] * 3


def test_the_caller_left_the_desk_right_the_shorter_side_silent_to_the_end(tmp_path: Path) -> None:
    left, right = mono(tmp_path / "l.wav", [1, 2, 3]), mono(tmp_path / "r.wav", [9])
    tape.combine(left, right, tmp_path / "both.wav")
    assert stereo(tmp_path / "both.wav") == [[1, 9], [2, 0], [3, 0]]


def test_a_half_in_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(wave.Error):
        tape.combine(
            mono(tmp_path / "l.wav", [1, 2], channels=2), tmp_path / "none.wav", tmp_path / "both.wav"
        )


async def test_it_listens_to_the_caller_whoever_joined_first() -> None:
    ari = PaperAri(channels={"leg-ada": "desk", "carl": "caller"})
    await tape.begin(ari, o.Record("call-1", "call-1"))  # type: ignore[arg-type]  # has what is used of a client
    made = [(path, params["spy"], params["appArgs"]) for _verb, path, params in ari.asked]
    assert made == [
        ("/channels/carl/snoop/snoop-call-1-in", "in", "tape,call-1-in"),
        ("/channels/carl/snoop/snoop-call-1-out", "out", "tape,call-1-out"),
    ]


async def test_ordered_twice_it_listens_once() -> None:
    ari = PaperAri(channels={"carl": "caller", "snoop-call-1-in": "", "snoop-call-1-out": ""})
    await tape.begin(ari, o.Record("call-1", "call-1"))  # type: ignore[arg-type]  # as above
    assert ari.asked == []


async def test_a_pause_is_silence_on_both_sides() -> None:
    ari = PaperAri()
    await tape.pause(ari, o.PauseRecording("call-1", True))  # type: ignore[arg-type]  # as above
    await tape.pause(ari, o.PauseRecording("call-1", False))  # type: ignore[arg-type]  # as above
    paths = ["/recordings/live/call-1-in/mute", "/recordings/live/call-1-out/mute"]
    assert [(verb, path) for verb, path, _ in ari.asked] == [
        *(("POST", path) for path in paths),
        *(("DELETE", path) for path in paths),
    ]


async def test_nothing_is_fetched_while_one_side_goes_on(tmp_path: Path) -> None:
    ari = PaperAri(live={"call-1-out"})
    ari.stored["call-1-in"] = mono(tmp_path / "in.wav", [1])
    with pytest.raises(tape.HalfDone):
        await tape.fetch(ari, "call-1", tmp_path / "call.part")  # type: ignore[arg-type]  # as above
    assert not (tmp_path / "call.part").exists()


async def test_a_side_that_never_was_is_silence_and_none_at_all_is_told(tmp_path: Path) -> None:
    ari = PaperAri()
    with pytest.raises(AriError) as refusal:
        await tape.fetch(ari, "call-1", tmp_path / "call.part")  # type: ignore[arg-type]  # as above
    assert refusal.value.status == 404
    ari.stored["call-1-out"] = mono(tmp_path / "out.wav", [7, 8])
    await tape.fetch(ari, "call-1", tmp_path / "call.part")  # type: ignore[arg-type]  # as above
    assert stereo(tmp_path / "call.part") == [[0, 7], [0, 8]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["call.part", "out.wav"]
