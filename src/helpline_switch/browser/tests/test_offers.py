"""Every offer to a browser comes about, whatever ICE name and password the library has drawn for it."""

from __future__ import annotations

import re

import pytest

from helpline_switch.browser.gateway import BrowserGateway, BrowserSettings
from helpline_switch.browser.proxy import ProxyRefused, split_answer
from tests.peers.ports import BROWSER_MEDIA, free_port

DTLS = "actpass SHA-256 1E:B7:8F:11"
CANDIDATE = "c:7f000001%201%20UDP%202113929471%20127.0.0.1%2042692%20typ%20host"
#: one name of 64 begins with the letter of an error, so one run of 10^13 meets none
OFFERS = 2000
PORTS = 1000


@pytest.mark.parametrize("name", ["E8zk", "E123", "Ezzz", "/+/+", "+E8/", "8888"])
@pytest.mark.parametrize("password", ["RymGKRbT2EFJmvep7KX4PsA5", "E8/+E8/+E8/+E8/+E8/+E8/+"])
def test_a_name_like_an_error_is_a_name(name: str, password: str) -> None:
    ice = f"{name} {password} {CANDIDATE}"
    assert split_answer(f"42692 127.0.0.1 && {DTLS} && {ice}\n") == ["42692 127.0.0.1", DTLS, ice]


@pytest.mark.parametrize(
    "line", ["E8\n", "E", "-1", "42692 127.0.0.1 && E8", "42692 127.0.0.1 && E32 && E32"]
)
def test_an_error_is_an_error(line: str) -> None:
    with pytest.raises(ProxyRefused, match=re.escape(line.strip())):
        split_answer(line)


@pytest.mark.switch
async def test_thousands_of_offers_to_browsers() -> None:
    # above what the kernel gives to others, and enough for sessions that a busy machine has not put away yet
    first = free_port(PORTS, BROWSER_MEDIA)
    gateway = BrowserGateway(BrowserSettings(port_first=first, port_last=first + PORTS - 1), [].append)
    await gateway.start()
    names = []
    try:
        for number in range(OFFERS):
            text, plain = await gateway.offer(str(number), ("127.0.0.1", 20_000))
            await gateway.close(str(number))
            names += re.findall(r"^a=ice-ufrag:([A-Za-z0-9+/]{4})\r$", text, re.MULTILINE)
            assert re.search(r"^a=ice-pwd:[A-Za-z0-9+/]{24}\r$", text, re.MULTILINE)
            assert re.search(r"^a=candidate:\S+ 1 UDP \d+ 127\.0\.0\.1 \d+ typ host\r$", text, re.MULTILINE)
            assert first <= plain[1] < first + PORTS
    finally:
        await gateway.stop()
    assert len(names) == OFFERS
    assert any(name.startswith("E") for name in names)
