"""What the library's answers mean; the library itself is met in test_gateway."""

import pytest

from helpline_switch.browser.proxy import Proxy, ProxyRefused


class Told:
    """The library's socket with one answer in it."""

    def __init__(self, line: str) -> None:
        self._line = line

    def send(self, command: bytes) -> None:
        assert command.endswith(b"\n")

    def recv(self, _size: int) -> bytes:
        return f"{self._line}\n".encode()


def proxy(line: str) -> Proxy:
    made = object.__new__(Proxy)
    made._socket = Told(line)  # type: ignore[assignment]  # stands for the library's socket
    return made


@pytest.mark.parametrize("name", ["EJe6", "E8", "Eeee", "x/+9"])
def test_an_ice_name_may_begin_as_an_error_does(name: str) -> None:
    line = f"27596 127.0.0.1 && actpass SHA-256 F1:8D && {name} uRE8uBsu4geWlf9RthuF5X c:cand"
    side, _ = proxy(line).make_offer("s", ("127.0.0.1", 20000), relay=False)
    assert (side.ufrag, side.port) == (name, 27596)


@pytest.mark.parametrize("line", ["E8", "27596 127.0.0.1 && E71 && x y", "-1"])
def test_an_error_is_one_word(line: str) -> None:
    with pytest.raises(ProxyRefused):
        proxy(line).make_offer("s", ("127.0.0.1", 20000), relay=False)
