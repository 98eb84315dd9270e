"""What a node of the switch is given: phone accounts, trunks, entry numbers."""

from collections.abc import Sequence

from helpline.acd import accounts, entry_numbers, trunks
from helpline.telephony import trunks as trunk_rows
from helpline.telephony.ari import AriClient


class Equipment:
    """Of one node. Every node gets the same."""

    def __init__(self, ari: AriClient) -> None:
        self._accounts = accounts.Accounts(ari)
        self._entry_numbers = entry_numbers.EntryNumbers(ari)
        self.trunks = trunks.Trunks(ari)

    def forget(self) -> None:
        """The switch may have been restarted: give everything again."""
        self._accounts.forget()
        self.trunks.forget()
        self._entry_numbers.forget()

    async def give(
        self,
        phones: list[accounts.Account],
        lines: list[trunk_rows.TrunkLine],
        numbers: Sequence[str],
    ) -> None:
        """As they are set now. Raises AriError."""
        await self._accounts.give(phones)
        await self.trunks.give(lines)
        await self._entry_numbers.give(numbers)


def worst(heard: Sequence[tuple[str, trunk_rows.Heard]]) -> list[trunk_rows.Heard]:
    """One word per trunk out of what several nodes (name, what it says) tell: the one that needs somebody."""
    found: dict[str, trunk_rows.Heard] = {}
    for node, said in heard:
        known = found.get(said.endpoint)
        if known is None or (known.condition in trunk_rows.WELL and said.condition not in trunk_rows.WELL):
            reason = said.reason if said.condition in trunk_rows.WELL else f"{node}: {said.reason}"
            found[said.endpoint] = trunk_rows.Heard(
                said.endpoint, said.condition, reason, said.code, said.server
            )
    return list(found.values())
