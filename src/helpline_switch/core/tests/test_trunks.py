"""Trunks as the desk configures them over ARI, and what the desk hears of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpline_switch.core.errors import BadParameter, NotReachable
from helpline_switch.core.tests.fakes import Rig
from helpline_switch.sip.trunk_config import TrunkChanged, TrunkServer, TrunkState


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


AUTH = {"username": "acme", "password": "line-secret"}


def objects(contact: str, **more: dict[str, str]) -> dict[tuple[str, str], dict[str, str]]:
    parts = {"aor": {"contact": contact}, "auth": AUTH, **more}
    return {(kind, "trunk-acme"): fields for kind, fields in parts.items()}


async def test_a_trunk_is_made_of_its_objects(rig: Rig) -> None:
    contacts = "sip:sip.example.test,sip:192.0.2.1:5070;transport=tcp,sips:[2001:db8::1]"
    trunks = rig.switchboard.trunks
    matched = {"identify": {"match": "192.0.2.0/24, 198.51.100.7"}}
    trunks.configure("trunk-acme", objects(contacts, registration={"expiration": "600"}, **matched))
    assert rig.sip.said[-1][0] == "put_trunk"
    config = trunks._configs["trunk-acme"]
    assert config.servers == (
        TrunkServer("sip.example.test", 0, "auto"),
        TrunkServer("192.0.2.1", 5070, "tcp"),
        TrunkServer("2001:db8::1", 0, "tls"),
    )
    assert (config.register, config.expires_s, config.password) == (True, 600, "line-secret")
    assert [str(each) for each in config.sources] == ["192.0.2.0/24", "198.51.100.7/32"]
    assert trunks.target("trunk-acme", "+31201234567").trunk == "trunk-acme"


@pytest.mark.parametrize("marked", [True, False])
async def test_a_trunk_that_vouches_and_is_told_who_we_are(rig: Rig, marked: bool) -> None:
    word = "yes" if marked else "no"
    endpoint = {"trust_id_inbound": word, "send_pai": word}
    rig.switchboard.trunks.configure("trunk-acme", objects("sip:sip.example.test", endpoint=endpoint))
    config = rig.switchboard.trunks._configs["trunk-acme"]
    assert (config.vouches, config.asserts) == (marked, marked)
    assert rig.switchboard.trunks.target("trunk-acme", "112").asserts is marked


async def test_the_same_objects_again_disturb_nobody(rig: Rig) -> None:
    for _ in range(3):
        rig.switchboard.trunks.configure("trunk-acme", objects("sip:sip.example.test"))
    assert [verb for verb, *_ in rig.sip.said] == ["put_trunk"]


async def test_a_trunk_without_contact_is_none(rig: Rig) -> None:
    trunks = rig.switchboard.trunks
    trunks.configure("trunk-acme", objects("sip:sip.example.test"))
    trunks.configure("trunk-acme", {("auth", "trunk-acme"): AUTH})
    assert [verb for verb, *_ in rig.sip.said] == ["put_trunk", "remove_trunk"]
    with pytest.raises(NotReachable) as gone:
        trunks.target("trunk-acme", "1")
    assert gone.value.cause == 3
    assert trunks.shown() == []


@pytest.mark.parametrize("contact", ["mailto:x", "sip:", "sip:host:port", "tel:1"])
async def test_what_is_no_contact(rig: Rig, contact: str) -> None:
    with pytest.raises(BadParameter):
        rig.switchboard.trunks.configure("trunk-acme", objects(contact))
    assert rig.sip.said == []


async def test_the_desk_hears_how_a_trunk_is(rig: Rig) -> None:
    trunks = rig.switchboard.trunks
    trunks.configure("trunk-acme", objects("sip:sip.example.test", registration={"expiration": "300"}))
    state = TrunkState("refused", "Forbidden", 403, "192.0.2.1:5060/udp")
    rig.switchboard.on_sip(TrunkChanged("trunk-acme", state))
    rig.switchboard.on_sip(TrunkChanged("trunk-gone", state))
    assert rig.apps.types() == ["ContactStatusChange", "HelplineTrunkChange"]
    shown = {"name": "trunk-acme", "register": True, "condition": "refused", "reason": "Forbidden"}
    assert trunks.shown() == [shown | {"code": 403, "server": "192.0.2.1:5060/udp"}]
    assert "line-secret" not in str(trunks.shown())
