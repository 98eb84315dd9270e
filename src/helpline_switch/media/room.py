"""Rooms: who hears whom, as one matrix; and the batch in which all rooms of a kind are mixed at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from helpline_switch.media.playback import PlayQueue, Post
from helpline_switch.media.recording import Recording

Frames = NDArray[np.float32]


class Room:
    """Members hear each other with gain 1, never themselves; ``gains`` holds the exceptions."""

    def __init__(self, room_id: str, post: Post) -> None:
        self.id = room_id
        self.members: list[str] = []
        self.gains: dict[tuple[str, str], float] = {}
        self.queue = PlayQueue(post)

    def gain(self, speaker: str, listener: str) -> float:
        """How loud ``listener`` hears ``speaker``."""
        return 0.0 if speaker == listener else self.gains.get((speaker, listener), 1.0)

    def matrix(self, recordings: list[Recording]) -> Frames:
        """Rows: the members as listeners, then left and right side of each recording. Columns: speakers."""
        rows = [[self.gain(speaker, listener) for speaker in self.members] for listener in self.members]
        for recording in recordings:
            left = [member for member in self.members if member in (recording.spec.left or ())]
            rows.append([1.0 if member in left else 0.0 for member in self.members])
            rows.append([self._recorded(member, left) for member in self.members])
        return np.array(rows, np.float32).reshape(len(rows), len(self.members))

    def _recorded(self, speaker: str, left: list[str]) -> float:
        """The right side holds what the left side could hear: a whisper behind its back is not recorded."""
        if speaker in left:
            return 0.0
        return min(1.0, max((self.gain(speaker, listener) for listener in left), default=1.0))


@dataclass(slots=True)
class Group:
    """Rooms with the same number of members and recordings, mixed by one matrix product.

    ``rows`` [rooms, members] are places in the batch of legs, ``gains`` [rooms, members + 2 * recordings, members].
    """

    rows: NDArray[np.intp]
    gains: Frames
    rooms: list[Room]
    recordings: list[Recording] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Members per room."""
        return int(self.rows.shape[1])

    def mix(self, pcm: Frames, out: Frames, played: Mapping[str, Frames]) -> Frames:
        """Mix ``pcm`` [legs, 160] into ``out``; returns [recordings, 2, 160] of these rooms."""
        mixed = np.matmul(self.gains, pcm[self.rows])
        for index, room in enumerate(self.rooms):
            frame = played.get(room.id)
            if frame is not None:
                mixed[index, : self.size] += frame
                mixed[index, self.size + 1 :: 2] += frame
        out[self.rows] = mixed[:, : self.size]
        sides: Frames = mixed[:, self.size :].reshape(-1, 2, mixed.shape[-1])
        return sides


def grouped(
    rooms: Mapping[str, Room], places: Mapping[str, int], recordings: Mapping[str, list[Recording]]
) -> list[Group]:
    """All rooms that have something to mix. ``recordings`` by room id."""
    kinds: dict[tuple[int, int], list[Room]] = {}
    for room in rooms.values():
        kind = (len(room.members), len(recordings.get(room.id, ())))
        if any(kind):
            kinds.setdefault(kind, []).append(room)
    return [_group(members, alike, places, recordings) for (members, _), alike in kinds.items()]


def _group(
    members: int, rooms: list[Room], places: Mapping[str, int], recordings: Mapping[str, list[Recording]]
) -> Group:
    rows = [[places[member] for member in room.members] for room in rooms]
    taken = [recordings.get(room.id, []) for room in rooms]
    return Group(
        rows=np.array(rows, np.intp).reshape(len(rooms), members),
        gains=np.stack([room.matrix(each) for room, each in zip(rooms, taken, strict=True)]),
        rooms=rooms,
        recordings=[recording for each in taken for recording in each],
    )
