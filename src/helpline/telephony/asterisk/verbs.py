"""The orders that a real Asterisk carries out in another way than the embedded switch."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from helpline.telephony import orders as o
from helpline.telephony.ari import AriClient, AriError
from helpline.telephony.asterisk import speech, tape
from helpline.telephony.asterisk.pjsip import TRANSFERS, browser_of


async def _play(ari: AriClient, order: o.Play) -> None:
    media = await speech.playable(order.media)
    await ari.post(f"/channels/{order.leg}/play/{order.playback}", media=",".join(media))


async def reachable(ari: AriClient, order: o.Originate) -> o.Originate:
    """The order for the endpoint that is there: a person's browser when its page is open, else the telephone."""
    order = replace(order, variables={**order.variables, TRANSFERS[0]: TRANSFERS[1]})
    account = order.endpoint.removeprefix("PJSIP/")
    if "@" in account:
        return order
    try:
        browser = await ari.get(f"/endpoints/PJSIP/{browser_of(account)}")
    except AriError as error:
        if error.status != 404:
            raise
        return order
    return (
        replace(order, endpoint=f"PJSIP/{browser_of(account)}") if browser.get("state") == "online" else order
    )


async def refer_is_kept(ari: AriClient, leg: str) -> None:
    """Wait until Asterisk may be told how a transfer goes. Raises AriError, AriUnavailable.

    22.10 tells us of a REFER a moment before it keeps the place where our answer goes, and ends with SIGSEGV when the
    answer is there first (`refer_incoming_ari_request` in `res_pjsip_refer.c`). What is asked of `CHANNEL(pjsip)` is
    read after that, for the call's serializer does both in turn.
    """
    await ari.get(f"/channels/{leg}/variable", variable="CHANNEL(pjsip,call-id)")


VERBS: Mapping[type, Callable[[AriClient, Any], Awaitable[None]]] = {
    o.Play: _play,
    o.Record: tape.begin,
    o.RecordLeg: tape.record_half,
    o.PauseRecording: tape.pause,
    o.StopRecording: tape.stop,
}
