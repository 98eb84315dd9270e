"""Who hears of what."""

import pytest

from helpline.core.access import SYSTEM, Actor, Role
from helpline.live.visible import LiveEvent, topics_for

ACME, GLOBEX = 1, 2
ADA = Actor(user_id=7, name="ada", roles={ACME: frozenset({Role.AGENT})})
WANTED = {"queues", "call:a", "user:7", "user:8", "ticket:1042"}


def event(desk_id: int | None, *topics: str) -> LiveEvent:
    return LiveEvent(id=1, kind="call_changed", desk_id=desk_id, topics=topics)


@pytest.mark.parametrize(
    ("desk_id", "topics", "told"),
    [
        pytest.param(ACME, ["queues", "call:a"], ["queues", "call:a"], id="all of her own desk"),
        pytest.param(ACME, ["user:8"], ["user:8"], id="a colleague at her desk"),
        pytest.param(GLOBEX, ["queues", "call:a", "ticket:1042"], [], id="nothing of another desk"),
        pytest.param(GLOBEX, ["user:7", "call:a"], ["user:7"], id="but what concerns her own phone"),
        pytest.param(None, ["user:8", "queues"], ["queues"], id="of no desk: common topics only"),
        pytest.param(None, ["user:7", "call:a"], ["user:7", "call:a"], id="of no desk and about her: all"),
        pytest.param(ACME, ["agents"], [], id="nothing she did not ask for"),
    ],
)
def test_ada_hears(desk_id: int | None, topics: list[str], told: list[str]) -> None:
    assert topics_for(ADA, event(desk_id, *topics), WANTED) == told


def test_the_system_hears_every_desk() -> None:
    assert topics_for(SYSTEM, event(GLOBEX, "queues"), WANTED) == ["queues"]
