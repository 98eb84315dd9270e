"""Carries orders out over ARI. Every verb may be sent twice: what is already so is no error."""

from collections.abc import Awaitable, Callable
from typing import Any

from helpline.telephony import orders as o
from helpline.telephony.ari import APP, AriClient, AriError
from helpline.telephony.asterisk import tape
from helpline.telephony.asterisk import verbs as asterisk

#: the thing is gone already, or is already as wanted
GONE, ALREADY = 404, 409


async def carry_out(ari: AriClient, order: o.Order) -> None:
    """Do it. Raises AriError when the switch refuses, AriUnavailable when it does not answer."""
    own = asterisk.VERBS.get(type(order))
    verb = own if own is not None and await ari.is_asterisk() else _VERBS[type(order)]
    await verb(ari, order)


async def _unless(status: int, doing: Awaitable[Any]) -> None:
    try:
        await doing
    except AriError as error:
        if error.status != status:
            raise


async def _answer(ari: AriClient, order: o.Answer) -> None:
    await ari.post(f"/channels/{order.leg}/answer")


async def _variable(ari: AriClient, order: o.Variable) -> None:
    await ari.post(f"/channels/{order.leg}/variable", variable=order.name, value=order.value)


async def _hangup(ari: AriClient, order: o.Hangup) -> None:
    await _unless(GONE, ari.delete(f"/channels/{order.leg}", reason_code=order.cause))


async def _originate(ari: AriClient, order: o.Originate) -> None:
    if await ari.is_asterisk():
        order = await asterisk.reachable(ari, order)
    body = {"variables": dict(order.variables)} if order.variables else None
    await _unless(
        ALREADY,
        ari.post(
            f"/channels/{order.leg}",
            body,
            endpoint=order.endpoint,
            app=APP,
            appArgs=f"leg,{order.call}",
            callerId=order.caller,
            timeout=order.timeout_s,
        ),
    )


async def _play(ari: AriClient, order: o.Play) -> None:
    await ari.post(f"/channels/{order.leg}/play/{order.playback}", media=",".join(order.media))


async def _stop_play(ari: AriClient, order: o.StopPlay) -> None:
    await _unless(GONE, ari.delete(f"/playbacks/{order.playback}"))


async def _music(ari: AriClient, order: o.Music) -> None:
    if order.music is None:
        await _unless(GONE, ari.delete(f"/channels/{order.leg}/moh"))
    else:
        await ari.post(f"/channels/{order.leg}/moh", mohClass=order.music)


async def _ringback(ari: AriClient, order: o.Ringback) -> None:
    playback = f"ringback-{order.leg}"
    if order.on:
        await ari.post(f"/channels/{order.leg}/play/{playback}", media="tone:ring")
    else:
        await _unless(GONE, ari.delete(f"/playbacks/{playback}"))


async def _make_bridge(ari: AriClient, order: o.MakeBridge) -> None:
    await _unless(ALREADY, ari.post(f"/bridges/{order.bridge}", type="mixing"))


async def _join(ari: AriClient, order: o.Join) -> None:
    await ari.post(f"/bridges/{order.bridge}/addChannel", channel=order.leg)


async def _leave(ari: AriClient, order: o.Leave) -> None:
    try:
        await ari.post(f"/bridges/{order.bridge}/removeChannel", channel=order.leg)
    except AriError as error:
        if error.status not in {400, 404, 409, 422}:  # it is not in there (any more)
            raise


async def _drop_bridge(ari: AriClient, order: o.DropBridge) -> None:
    await _unless(GONE, ari.delete(f"/bridges/{order.bridge}"))


async def _mute(ari: AriClient, order: o.Mute) -> None:
    verb = ari.post if order.on else ari.delete
    await verb(f"/channels/{order.leg}/mute", direction="in")


async def _dtmf(ari: AriClient, order: o.Dtmf) -> None:
    await ari.post(f"/channels/{order.leg}/dtmf", dtmf=order.digits)


async def _transfer_progress(ari: AriClient, order: o.TransferProgress) -> None:
    await _unless(GONE, _tell_of_transfer(ari, order))


async def _tell_of_transfer(ari: AriClient, order: o.TransferProgress) -> None:
    if await ari.is_asterisk():
        await asterisk.refer_is_kept(ari, order.leg)
    states = "channel_answered" if order.done else "channel_declined"
    await ari.post(f"/channels/{order.leg}/transfer_progress", states=states)


async def _record(ari: AriClient, order: o.Record) -> None:
    await _unless(
        ALREADY,
        ari.post(f"/bridges/{order.bridge}/record", name=order.name, format="wav", ifExists="fail"),
    )


async def _pause_recording(ari: AriClient, order: o.PauseRecording) -> None:
    verb = ari.post if order.paused else ari.delete
    await _unless(ALREADY, verb(f"/recordings/live/{order.name}/pause"))


async def _stop_recording(ari: AriClient, order: o.StopRecording) -> None:
    await _unless(GONE, ari.post(f"/recordings/live/{order.name}/stop"))


async def _snoop(ari: AriClient, order: o.Snoop) -> None:
    await _unless(
        ALREADY,
        ari.post(
            f"/channels/{order.leg}/snoop/{order.snoop}",
            app=APP,
            appArgs=f"snoop,{order.call}",
            spy="both",
            whisper="out" if order.whisper else "none",
        ),
    )


_VERBS: dict[type, Callable[[AriClient, Any], Awaitable[None]]] = {
    o.Answer: _answer,
    o.Variable: _variable,
    o.Hangup: _hangup,
    o.Originate: _originate,
    o.Play: _play,
    o.StopPlay: _stop_play,
    o.Music: _music,
    o.Ringback: _ringback,
    o.MakeBridge: _make_bridge,
    o.Join: _join,
    o.Leave: _leave,
    o.DropBridge: _drop_bridge,
    o.Mute: _mute,
    o.TransferProgress: _transfer_progress,
    o.Dtmf: _dtmf,
    o.Record: _record,
    o.RecordLeg: tape.record_half,
    o.PauseRecording: _pause_recording,
    o.StopRecording: _stop_recording,
    o.Snoop: _snoop,
}
