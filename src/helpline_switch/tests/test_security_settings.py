"""Settings about strangers and addresses."""

from __future__ import annotations

import pytest

from helpline_switch.process import _sip_settings
from helpline_switch.settings import BadSettings, from_environment

NEEDED = {"HELPLINE_DATA": "/nowhere", "HELPLINE_ARI_USER": "u", "HELPLINE_ARI_PASSWORD": "p"}


def test_proxies_and_bans_reach_the_sip_side():
    given = {
        "HELPLINE_SIP_TRUSTED": "10.0.0.0/8, 2001:db8::7",
        "HELPLINE_BAN_GUESSES": "4",
        "HELPLINE_BAN_S": "60",
    }
    rules = _sip_settings(from_environment(NEEDED | given)).bans
    assert (rules.guesses, rules.first_seconds) == (4, 60.0)
    assert rules.spares("10.9.8.7")
    assert rules.spares("2001:db8::7")
    assert not rules.spares("2001:db8::8")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELPLINE_SIP_TRUSTED", "10.0.0.0/99"),
        ("HELPLINE_BAN_GUESSES", "0"),
        ("HELPLINE_BAN_S", "soon"),
        ("HELPLINE_SIP_HOST", "::"),
        ("HELPLINE_SIP_HOST", "0.0.0.0"),
    ],
)
def test_what_means_nothing_is_told(name, value):
    with pytest.raises(BadSettings, match=name):
        from_environment(NEEDED | {name: value})


def test_both_kinds_of_addresses_with_a_name():
    given = {"HELPLINE_SIP_HOST": "::", "HELPLINE_SIP_ADVERTISED": "sip.example"}
    assert _sip_settings(from_environment(NEEDED | given)).host == "::"
