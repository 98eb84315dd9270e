"""What the switch is given of trunks, and what it is asked."""

from dataclasses import replace
from typing import Any

import pytest

from helpline.acd.trunks import Trunks
from helpline.telephony.ari import AriError, AriUnavailable
from helpline.telephony.trunks import Heard, TrunkLine

LINE = TrunkLine(
    "trunk-acme", ("sip:sip.example.test",), "acme", "line-secret", register=True, sources=("192.0.2.7",)
)


class PaperAri:
    """Notes requests; refuses those to `refuses`, and is away when told."""

    def __init__(self, *refuses: str, status: int = 403) -> None:
        self.asked: list[tuple[str, str]] = []
        self.away = self.asterisk = False
        self._refuses, self._status = refuses, status
        self.answers: dict[str, Any] = {}

    async def request(self, method: str, path: str, **more: Any) -> Any:
        if self.away:
            raise AriUnavailable("away")
        kind, name = path.split("/")[-2:]
        self.asked.append((method, kind))
        assert name == "trunk-acme"
        if kind in self._refuses:
            raise AriError(self._status, "no")
        return None

    async def is_asterisk(self) -> bool:
        return self.asterisk

    async def get(self, path: str) -> Any:
        if path not in self.answers:
            raise AriError(404, "none")
        return self.answers[path]


async def test_a_trunk_is_given_once_and_again_when_it_changed() -> None:
    ari = PaperAri()
    trunks = Trunks(ari)  # type: ignore[arg-type]  # of paper
    for _ in range(2):
        await trunks.give([LINE])
    given = [("PUT", kind) for kind in ("auth", "identify", "registration", "aor", "endpoint")]
    assert ari.asked == given
    ari.asked.clear()
    await trunks.give([replace(LINE, register=False, sources=())])
    assert ari.asked[:2] == [("DELETE", "registration"), ("DELETE", "identify")]
    assert ("PUT", "registration") not in ari.asked
    ari.asked.clear()
    await trunks.give([])
    assert {method for method, _ in ari.asked} == {"DELETE"}
    ari.asked.clear()
    await trunks.give([])
    assert ari.asked == []


async def test_a_switch_that_was_started_again_gets_all_of_it() -> None:
    ari = PaperAri()
    trunks = Trunks(ari)  # type: ignore[arg-type]  # of paper
    await trunks.give([LINE])
    trunks.forget()
    await trunks.give([LINE])
    assert len(ari.asked) == 10


async def test_an_asterisk_that_reads_trunks_from_files_refuses_some_and_nothing_breaks() -> None:
    ari = PaperAri("registration", "identify")
    await Trunks(ari).give([LINE])  # type: ignore[arg-type]  # of paper
    assert [kind for _, kind in ari.asked] == ["auth", "identify", "registration", "aor", "endpoint"]


async def test_an_asterisk_forgets_what_was_taken_away() -> None:
    """It adds to the lists of an object it knows: an address that is no longer the provider's would stay admitted."""
    ari = PaperAri()
    ari.asterisk = True
    await Trunks(ari).give([LINE])  # type: ignore[arg-type]  # of paper
    for kind in ("identify", "aor"):
        assert ari.asked.index(("DELETE", kind)) < ari.asked.index(("PUT", kind))
    assert [kind for method, kind in ari.asked if method == "DELETE"] == ["identify", "aor"]


async def test_a_switch_that_is_away_is_tried_again_with_everything() -> None:
    ari = PaperAri()
    trunks = Trunks(ari)  # type: ignore[arg-type]  # of paper
    ari.away = True
    with pytest.raises(AriUnavailable):
        await trunks.give([LINE])
    ari.away = False
    await trunks.give([LINE])
    assert len(ari.asked) == 5


async def test_how_trunks_are_is_asked_in_our_words_or_in_asterisks() -> None:
    ari = PaperAri()
    trunks = Trunks(ari)  # type: ignore[arg-type]  # of paper
    ari.answers["/endpoints"] = [
        {"resource": "trunk-acme", "state": "online"},
        {"resource": "trunk-spare", "state": "offline"},
        {"resource": "ada", "state": "online"},
    ]
    assert await trunks.ask() == [Heard("trunk-acme", "reachable"), Heard("trunk-spare", "unreachable")]
    said = {
        "name": "trunk-acme",
        "condition": "refused",
        "reason": "Forbidden",
        "code": 403,
        "server": "a:5060/udp",
    }
    ari.answers["/helpline/trunks"] = [said | {"register": True}]
    assert await trunks.ask() == [Heard("trunk-acme", "refused", "Forbidden", 403, "a:5060/udp")]
