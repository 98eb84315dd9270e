"""Several switch nodes: settings, health, figures and the terminal tell of each."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from helpline.conf import cli, health
from helpline.conf.environment import EnvironmentInvalid, read_environment
from helpline.core.access import Role
from helpline.core.clock import SYSTEM
from helpline.core.heartbeat import beat
from helpline.people.tests.factories import DeskFactory, person
from helpline.telephony.models import Call, Leg, LegRole
from helpline.telephony.node_names import name_of
from helpline.telephony.tests.switch_door import (
    ADAS,
    CARLS,
    PASSWORD,
    SIGNALLING,
    STATUS,
    USER,
    SwitchDoor,
    switch_door,
)

GONE = "http://127.0.0.1:9/ari"


@pytest.fixture
def doors(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[tuple[SwitchDoor, SwitchDoor]]:
    """Two nodes that answer, and a third that does not."""
    with switch_door() as north, switch_door() as south:
        for door in (north, south):
            door.embedded()
            door.says("asterisk/ping", {"ping": "pong"})
        urls = (north.url, south.url, GONE)
        monkeypatch.setenv("HELPLINE_DATA", str(tmp_path))
        monkeypatch.setenv("HELPLINE_ARI_URL", " ".join(urls))
        monkeypatch.setenv("HELPLINE_ARI_PASSWORD", PASSWORD)
        settings.ENV = replace(settings.ENV, ari_urls=urls, ari_user=USER, ari_password=PASSWORD)
        yield north, south


def helpline(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(["switch", *words])
    return int(end.value.code or 0)


def test_urls_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HELPLINE_DATA", str(tmp_path))
    monkeypatch.setenv("HELPLINE_ARI_URL", " http://10.0.0.11:8088/ari/  http://10.0.0.12:8088/ari ")
    env = read_environment()
    assert env.ari_urls == ("http://10.0.0.11:8088/ari", "http://10.0.0.12:8088/ari")
    assert (env.ari_url, env.own_switch) == (env.ari_urls[0], False)
    assert [name_of(url) for url in env.ari_urls] == ["10.0.0.11:8088", "10.0.0.12:8088"]


@pytest.mark.parametrize("urls", ["10.0.0.11:8088", "ftp://a/ari", "http://a:1/ari http://a:1/other"])
def test_urls_that_cannot_be_meant_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, urls: str
) -> None:
    monkeypatch.setenv("HELPLINE_DATA", str(tmp_path))
    monkeypatch.setenv("HELPLINE_ARI_URL", urls)
    with pytest.raises(EnvironmentInvalid, match="HELPLINE_ARI_URL"):
        read_environment()


@pytest.mark.django_db
def test_health_is_good_with_one_node_left_and_names_the_dead(doors: tuple[SwitchDoor, SwitchDoor]) -> None:
    north, south = (name_of(door.url) for door in doors)
    beat("acd", {"switch": True, "nodes": {north: "up", south: "draining", "127.0.0.1:9": "lost"}})
    beat("worker")
    answer = Client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["processes"]["switch"]["nodes"] == [
        {"name": north, "up": True, "state": "up"},
        {"name": south, "up": True, "state": "draining"},
        {"name": "127.0.0.1:9", "up": False, "state": "lost"},
    ]


@pytest.mark.django_db
def test_health_is_bad_when_no_node_answers(settings: Any) -> None:
    settings.ENV = replace(settings.ENV, ari_urls=(GONE, "http://127.0.0.1:10/ari"))
    beat("acd", {"switch": True})
    beat("worker")
    assert Client().get("/healthz").status_code == 503
    assert not health.all_up()


@pytest.mark.django_db
def test_figures_carry_the_name_of_their_node(doors: tuple[SwitchDoor, SwitchDoor]) -> None:
    doors[1].says("helpline/signalling", SIGNALLING | {"draining_ends_in_s": 30.0})
    text = Client().get("/metrics").content.decode()
    found = {
        (sample.name, sample.labels.get("node")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    north, south = (name_of(door.url) for door in doors)
    assert [found["helpline_switch_up", name] for name in (north, south, "127.0.0.1:9")] == [1, 1, 0]
    assert [found["helpline_switch_draining", name] for name in (north, south)] == [0, 1]
    assert found["helpline_switch_late_ticks_total", north] == STATUS["media"]["late_ticks"]  # type: ignore[index]  # a nested answer


def test_status_tells_of_each_node_and_ends_with_1_for_a_dead_one(
    doors: tuple[SwitchDoor, SwitchDoor], capsys: pytest.CaptureFixture[str]
) -> None:
    assert helpline("status") == 1
    said = capsys.readouterr().out
    assert said.count("embedded, pid 4711") == 2
    for door in doors:
        assert name_of(door.url) in said
    assert "away" in said


def test_one_node_may_be_looked_at_alone(
    doors: tuple[SwitchDoor, SwitchDoor], capsys: pytest.CaptureFixture[str]
) -> None:
    assert helpline("status", name_of(doors[1].url)) == 0
    assert capsys.readouterr().out.count("embedded") == 1
    assert not doors[0].asked


def test_the_node_to_drain_must_be_named(
    doors: tuple[SwitchDoor, SwitchDoor], capsys: pytest.CaptureFixture[str]
) -> None:
    assert helpline("drain") == 1
    assert "Say which node" in capsys.readouterr().err
    assert helpline("drain", "10.9.9.9:1") == 1
    assert "There is no node 10.9.9.9:1" in capsys.readouterr().err
    doors[1].says("helpline/drain", {"calls": 3, "draining_ends_in_s": 300.0}, "POST")
    assert helpline("drain", name_of(doors[1].url)) == 0
    assert "3 channels may go on" in capsys.readouterr().out
    assert not [one for one in doors[0].asked if one[0] == "POST"]


@pytest.mark.django_db
def test_the_page_lists_the_nodes_and_shows_the_chosen_one(
    doors: tuple[SwitchDoor, SwitchDoor], django_assert_max_num_queries: Any
) -> None:
    lena = Client()
    lena.force_login(person("lena", Role.LEAD))
    doors[1].says("helpline/status", STATUS | {"channels": 77})
    south = name_of(doors[1].url)
    with django_assert_max_num_queries(20):
        html = lena.get(f"/switch/?node={south}").content.decode()
    assert "77" in html
    assert f'<a href="?node={south.replace(":", "%3A")}" aria-current="true">{south}</a>' in html
    assert "127.0.0.1:9</a>" in html
    away = lena.get("/switch/?node=127.0.0.1%3A9").content.decode()
    assert "whoever waited or talked there is called back" in away


def test_a_call_is_traced_wherever_it_was(
    doors: tuple[SwitchDoor, SwitchDoor], capsys: pytest.CaptureFixture[str]
) -> None:
    doors[1].says("helpline/calls/leg-carl/trace", CARLS)
    assert helpline("trace", "leg-carl") == 0
    said = capsys.readouterr()
    assert "INVITE" in said.out
    assert "127.0.0.1:9 does not answer" in said.err


@pytest.mark.django_db
def test_the_ladder_of_a_call_that_moved_has_both_halves(doors: tuple[SwitchDoor, SwitchDoor]) -> None:
    now = SYSTEM.now()
    desk = DeskFactory()
    call = Call.objects.create(desk=desk, from_number="carl", node=name_of(doors[1].url), started_at=now)
    for leg, role in (("leg-carl", LegRole.CALLER), ("leg-ada", LegRole.AGENT)):
        Leg.objects.create(id=leg, call=call, role=role, endpoint=f"PJSIP/{leg}", created_at=now)
    doors[0].says("helpline/calls/leg-carl/trace", CARLS)
    doors[1].says("helpline/calls/leg-ada/trace", ADAS)
    lena = Client()
    lena.force_login(person("lena", Role.LEAD, desk=desk))
    html = lena.get(f"/calls/{call.pk}/ladder/").content.decode()
    assert "INVITE sip:100@helpline" in html
    assert "486 Busy Here" in html
