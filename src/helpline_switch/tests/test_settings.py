"""Settings: defaults, and one clear line for each mistake."""

from __future__ import annotations

import pytest

from helpline_switch.settings import BadSettings, from_environment

LEAST = {"HELPLINE_DATA": "/data", "HELPLINE_ARI_USER": "desk", "HELPLINE_ARI_PASSWORD": "secret"}


def test_defaults() -> None:
    settings = from_environment(LEAST)
    assert (settings.ari_port, settings.sip_port, settings.tls_port) == (8088, 5060, 5061)
    assert settings.ws_origins == {"http://127.0.0.1:8000", "http://localhost:8000"}
    assert (settings.mixer_ports, settings.browser_ports) == ((20000, 24999), (25000, 29999))
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELPLINE_ARI_PASSWORD", ""),
        ("HELPLINE_SIP_PORT", "0"),
        ("HELPLINE_RTP_PORTS", "20000"),
        ("HELPLINE_RTP_PORTS", "20000-20001"),
        ("HELPLINE_SILENCE_S", "soon"),
        ("HELPLINE_TRACE_KEEP_S", "-1"),
        ("HELPLINE_DRAIN_S", "long"),
        ("HELPLINE_SIP_HOST", "0.0.0.0"),
        ("HELPLINE_CODECS", "opus,g722"),
        ("HELPLINE_CODECS", "g711,mp3"),
        ("HELPLINE_RTP_LATCH", "perhaps"),
        ("HELPLINE_BROWSER_RELAY", "perhaps"),
    ],
)
def test_mistakes_are_named(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name):
        from_environment(LEAST | {name: value})


def test_the_ari_port_follows_the_web_port() -> None:
    assert from_environment(LEAST | {"HELPLINE_PORT": "9000"}).ari_port == 9088


def test_the_desk_may_prefer_a_codec_and_leave_one_out() -> None:
    assert from_environment(LEAST).codecs == ("G711", "G722", "opus")
    assert from_environment(LEAST | {"HELPLINE_CODECS": "Opus, g711"}).codecs == ("opus", "G711")
    assert from_environment(LEAST | {"HELPLINE_RTP_LATCH": "always"}).latch == "always"
