"""Figures for machines: what they say, who may read them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from helpline.acd.models import Queue, QueueEntry
from helpline.conf import metrics
from helpline.core.access import Role
from helpline.core.clock import SYSTEM
from helpline.core.heartbeat import beat
from helpline.core.models import Cursor, OutboxEvent
from helpline.mail.models import Mailbox
from helpline.people.models import Presence
from helpline.people.tests.factories import DeskFactory, person
from helpline.telephony.models import Call, CallState, Recording, RecordingState
from helpline.telephony.tests.switch_door import SwitchDoor, switch_door

pytestmark = pytest.mark.django_db


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[SwitchDoor]:
    with switch_door() as door:
        door.embedded()
        monkeypatch.setattr(metrics, "our_switch", lambda *_node: door.reader)
        yield door


def scraped(**headers: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Value by name and labels, read by Prometheus' own parser."""
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_mail_in_figures(door: SwitchDoor) -> None:
    told = {"desk": DeskFactory(), "created_at": SYSTEM.now()}
    box = Mailbox.objects.create(name="support", address="support@desk.example", **told)
    off = Mailbox.objects.create(name="old", address="old@desk.example", active=False, **told)
    facts = {
        "state": "failing",
        "alarms": {"failing": "2026"},
        "last_mail_at": SYSTEM.now() - timedelta(hours=1),
    }
    Mailbox.objects.filter(pk=box.pk).update(**facts)
    beat("postman")
    found = scraped()
    assert found["helpline_mailbox_up", ("support",)] == 0
    assert found["helpline_mailbox_alarm", ("failing", "support")] == 1
    assert found["helpline_mailbox_alarm", ("silent", "support")] == 0
    assert 3600 <= found["helpline_mailbox_last_mail_seconds", ("support",)] < 3660
    assert ("helpline_mailbox_up", (off.name,)) not in found
    assert found["helpline_mail_inbound", ("parked",)] == 0
    assert found["helpline_process_up", ("postman",)] == 1


def test_a_busy_desk_in_figures(door: SwitchDoor) -> None:
    desk, now = DeskFactory(), SYSTEM.now()
    vpn = Queue.objects.create(desk=desk, key="vpn", name="VPN")
    for seconds in (90, 30):
        call = Call.objects.create(desk=desk, state=CallState.QUEUED, started_at=now)
        QueueEntry.objects.create(call=call, queue=vpn, entered_at=now - timedelta(seconds=seconds))
    talking = Call.objects.create(desk=desk, state=CallState.TALKING, started_at=now)
    Call.objects.create(desk=desk, state=CallState.ENDED, started_at=now)
    Recording.objects.create(call=talking, name="r", state=RecordingState.FAILED, started_at=now)
    ada = person("ada", Role.AGENT, desk=desk)
    Presence.objects.filter(user=ada).update(state="talking")
    beat("acd", {"inbox": 4, "orders": 2})
    door.says("helpline/bans", [{"address": "203.0.113.5"}])
    found = scraped()
    assert found["helpline_calls", ("queued",)] == 2
    assert found["helpline_calls", ("talking",)] == 1
    assert found["helpline_calls", ("held",)] == 0
    assert ("helpline_calls", ("ended",)) not in found
    assert found["helpline_waiting_calls", ("vpn",)] == 2
    assert 90 <= found["helpline_longest_wait_seconds", ("vpn",)] < 120
    assert found["helpline_agents", ("talking",)] == 1
    assert found["helpline_agents", ("available",)] == 0
    assert found["helpline_recordings_failed", ()] == 1
    assert found["helpline_acd_inbox", ()] == 4
    assert found["helpline_acd_orders", ()] == 2
    assert found["helpline_process_up", ("acd",)] == 1
    assert found["helpline_process_up", ("worker",)] == 0
    assert found["helpline_switch_up", ()] == 1
    assert found["helpline_switch_legs", ()] == 2
    assert found["helpline_switch_late_ticks_total", ()] == 25
    assert found["helpline_switch_concealed_frames", ()] == 7
    assert found["helpline_switch_banned_addresses", ()] == 1
    assert found["helpline_switch_draining", ()] == 0
    assert found["helpline_switch_guesses_total", ()] == 9


def test_a_reader_that_lags_is_named(door: SwitchDoor) -> None:
    then = SYSTEM.now() - timedelta(seconds=60)
    events = [OutboxEvent.objects.create(at=then, kind="call_ended") for _ in range(3)]
    Cursor.objects.create(name="reports", position=events[0].pk, moved_at=then)
    Cursor.objects.create(name="hooks", position=events[2].pk, moved_at=then)
    found = scraped()
    assert found["helpline_outbox_lag_events", ("reports",)] == 2
    assert found["helpline_outbox_lag_events", ("hooks",)] == 0
    assert found["helpline_outbox_lag_seconds", ("reports",)] >= 60
    assert found["helpline_outbox_lag_seconds", ("hooks",)] == 0


def test_a_switch_that_is_away_is_a_figure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with switch_door() as door:
        reader = door.reader
    monkeypatch.setattr(metrics, "our_switch", lambda *_node: reader)
    found = scraped()
    assert found["helpline_switch_up", ()] == 0
    assert not [
        name
        for name, _labels in found
        if name.startswith("helpline_switch_") and name != "helpline_switch_up"
    ]


def test_no_name_of_a_person_or_number_is_in_it(door: SwitchDoor) -> None:
    person("ada", Role.AGENT)
    Call.objects.create(
        from_number="+31305550199", from_name="Carl", to_number="100", started_at=SYSTEM.now()
    )
    text = Client().get("/metrics").content.decode()
    for secret in ("ada", "Carl", "+31305550199"):
        assert secret not in text


# --- who may read


@pytest.mark.parametrize(
    ("request_of", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "192.0.2.7"}, 401),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"}, 401),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=192.0.2.7"}, 401),
    ],
)
def test_without_a_token_only_this_machine_reads(
    door: SwitchDoor, request_of: dict[str, Any], status: int
) -> None:
    assert Client().get("/metrics", **request_of).status_code == status


@pytest.mark.parametrize(
    ("authorization", "status"),
    [("Bearer let-me-see", 200), ("Bearer wrong", 401), ("Basic let-me-see", 401), ("", 401)],
)
def test_with_a_token_everybody_must_show_it(
    door: SwitchDoor, monkeypatch: pytest.MonkeyPatch, authorization: str, status: int
) -> None:
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, metrics_token="let-me-see"))
    answer = Client().get("/metrics", headers={"Authorization": authorization}, REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == status


def test_figures_are_only_read(door: SwitchDoor) -> None:
    assert Client().post("/metrics").status_code == 405
