"""Where browser phones find the switch, or each of several; the page may connect there and nowhere else."""

from dataclasses import replace
from typing import Any

from django.test import RequestFactory

from helpline.web.security import phone_ws_urls, policy

SEVERAL = ("http://10.0.0.11:8088/ari", "http://10.0.0.12:8088/ari")


def connects(**secure: Any) -> str:
    request = RequestFactory().get("/", HTTP_HOST="desk.example", **secure)
    return next(part for part in policy(request, "n").split("; ") if part.startswith("connect-src"))


def test_one_switch_is_on_the_host_of_the_page(settings: Any) -> None:
    settings.ENV = replace(settings.ENV, phone_ws_url="", ari_port=8088)
    settings.ALLOWED_HOSTS = ["desk.example"]
    request = RequestFactory().get("/", HTTP_HOST="desk.example")
    assert phone_ws_urls(request) == ["ws://desk.example:8088/ws"]
    assert connects() == "connect-src 'self' ws://desk.example ws://desk.example:8088"


def test_several_switches_are_where_the_desk_finds_them(settings: Any) -> None:
    settings.ENV = replace(settings.ENV, phone_ws_url="", ari_urls=SEVERAL)
    settings.ALLOWED_HOSTS = ["desk.example"]
    request = RequestFactory().get("/", HTTP_HOST="desk.example", secure=True)
    assert phone_ws_urls(request) == ["wss://10.0.0.11:8088/ws", "wss://10.0.0.12:8088/ws"]
    assert connects(secure=True).endswith("wss://10.0.0.11:8088 wss://10.0.0.12:8088")


def test_what_is_set_counts_one_or_several(settings: Any) -> None:
    settings.ENV = replace(
        settings.ENV, phone_ws_url="wss://n1.example/ws wss://n2.example/ws", ari_urls=SEVERAL
    )
    settings.ALLOWED_HOSTS = ["desk.example"]
    request = RequestFactory().get("/", HTTP_HOST="desk.example")
    assert phone_ws_urls(request) == ["wss://n1.example/ws", "wss://n2.example/ws"]
    assert connects().endswith("wss://n1.example wss://n2.example")
