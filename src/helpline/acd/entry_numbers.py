"""Tells the switch which numbers strangers may call; it turns all others away at once (404), without a word of ours."""

from collections.abc import Iterable

import structlog

from helpline.acd.models import EntryPoint
from helpline.people import queries as people
from helpline.telephony.ari import AriClient, AriError

log = structlog.get_logger(__name__)

_PATH = "/helpline/entry_numbers"


def wanted() -> list[str]:
    """The numbers of all entry points, whatever is set there."""
    return list(EntryPoint.objects.order_by("number").values_list("number", flat=True))


def desk_of_misdial(caller: str) -> int | None:
    """The desk whose people see a call to a number that is none: the one of the phone account that dialled,
    else the only desk there is, else nobody's."""
    own = people.desk_of_phone(caller)
    if own is not None:
        return own
    desks = people.desk_ids()
    return desks[0] if len(desks) == 1 else None


class EntryNumbers:
    """Remembers what the switch was given, so that only changes are sent."""

    def __init__(self, ari: AriClient) -> None:
        self._ari = ari
        self._given: list[str] | None = None

    def forget(self) -> None:
        """The switch may have been restarted: give the numbers again."""
        self._given = None

    async def give(self, numbers: Iterable[str]) -> None:
        """Bring the switch to these numbers. Raises AriUnavailable, or AriError when the switch refuses them."""
        wanted = sorted(numbers)
        if wanted == self._given:
            return
        try:
            await self._ari.request("PUT", _PATH, body={"numbers": wanted})
        except AriError as error:
            if error.status != 404:
                raise
            # an Asterisk has no such door: there the dial plan says which numbers exist
            log.info("entry_numbers_are_the_switch_s_own", status=error.status)
        self._given = wanted
