"""The health page believes only what is fresh, and says which part is missing."""

from typing import Any

import pytest
from django.test import Client

from helpline.conf import health
from helpline.core.clock import SYSTEM, SetClock
from helpline.core.heartbeat import beat
from helpline.core.models import Heartbeat


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the switch answers; the test changes it."""
    answer: dict[str, Any] = {"up": True, "ping": "pong"}
    monkeypatch.setattr(health, "switch_answers", lambda url: dict(answer))
    return answer


def _ask() -> tuple[int, dict[str, Any]]:
    answer = Client().get("/healthz")
    return answer.status_code, answer.json()["processes"]


@pytest.mark.django_db
def test_all_up_is_200(switch: dict[str, Any]) -> None:
    beat("acd", {"switch": True, "phones": ["ada"]})
    beat("worker")
    status, processes = _ask()
    assert status == 200
    assert {name: part["up"] for name, part in processes.items()} == {
        "web": True,
        "acd": True,
        "worker": True,
        "switch": True,
    }
    assert "ada" not in str(processes), "strangers may ask too: no names"


@pytest.mark.django_db
def test_a_postman_is_shown_once_there_is_one_and_calls_go_on_without(switch: dict[str, Any]) -> None:
    beat("acd", {"switch": True})
    beat("worker")
    beat("postman", clock=SetClock())
    status, processes = _ask()
    assert (status, processes["postman"]["up"]) == (200, False)
    beat("postman")
    assert _ask()[1]["postman"]["up"]


@pytest.mark.django_db
def test_a_process_that_fell_silent_is_named(switch: dict[str, Any]) -> None:
    beat("acd", {"switch": True})
    beat("worker")
    Heartbeat.objects.filter(process="worker").update(at=SYSTEM.now().replace(year=SYSTEM.now().year - 1))
    status, processes = _ask()
    assert status == 503
    assert [name for name, part in processes.items() if not part["up"]] == ["worker"]


@pytest.mark.django_db
@pytest.mark.parametrize(("answers", "opened"), [(False, True), (True, False)])
def test_the_switch_counts_when_it_answers_and_the_desk_is_open(
    switch: dict[str, Any], answers: bool, opened: bool
) -> None:
    switch["up"] = answers
    beat("acd", {"switch": opened})
    beat("worker")
    status, processes = _ask()
    assert status == 503
    assert not processes["switch"]["up"]
    assert processes["acd"]["up"]
