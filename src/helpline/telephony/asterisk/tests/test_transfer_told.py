"""A telephone is told how its transfer went once Asterisk is ready to hear it."""

from typing import Any

import pytest

from helpline.telephony import orders as o
from helpline.telephony.ari import AriError
from helpline.telephony.verbs import carry_out

TOLD = o.TransferProgress("leg-ada", done=True)


class PaperSwitch:
    """Remembers what it is asked for, in order."""

    def __init__(self, *, asterisk: bool, legs: tuple[str, ...] = ("leg-ada",)) -> None:
        self._asterisk, self._legs = asterisk, legs
        self.asked: list[str] = []

    async def is_asterisk(self) -> bool:
        return self._asterisk

    async def get(self, path: str, **params: Any) -> Any:
        return self._about(path, params["variable"])

    async def post(self, path: str, body: Any = None, **params: Any) -> Any:
        return self._about(path, params["states"])

    def _about(self, path: str, what: str) -> None:
        if path.split("/")[2] not in self._legs:
            raise AriError(404, "Channel not found", path)
        self.asked.append(what)


@pytest.mark.parametrize(
    ("asterisk", "asked"),
    [(True, ["CHANNEL(pjsip,call-id)", "channel_answered"]), (False, ["channel_answered"])],
)
async def test_asterisk_is_asked_first_what_it_reads_after_the_refer(
    asterisk: bool, asked: list[str]
) -> None:
    switch = PaperSwitch(asterisk=asterisk)
    await carry_out(switch, TOLD)  # type: ignore[arg-type]  # has what is used of a client
    assert switch.asked == asked


@pytest.mark.parametrize("asterisk", [True, False])
async def test_a_telephone_that_has_hung_up_is_told_nothing(asterisk: bool) -> None:
    switch = PaperSwitch(asterisk=asterisk, legs=())
    await carry_out(switch, TOLD)  # type: ignore[arg-type]  # as above
    assert switch.asked == []
