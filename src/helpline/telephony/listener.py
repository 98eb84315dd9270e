"""Turns each event of the switch into one action and says what it means, as facts of `telephony.events`.

Events may come twice, late or for legs we do not know; they then mean nothing. Field names are those of ARI.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.telephony import actions, guessers, recordings, sound
from helpline.telephony import events as heard
from helpline.telephony.asterisk import tape
from helpline.telephony.models import CallState, Leg, LegRole
from helpline.telephony.nodes import NODE
from helpline.telephony.trunks import is_trunk, of_channel

Event = dict[str, Any]
#: first word of the application arguments of legs that we made ourselves
OWN_LEG, SNOOP = "leg", "snoop"
#: channel variable by which the embedded switch tells that the connection of a leg closed; Asterisk knows none
CONNECTION = "HELPLINE_CONNECTION"


def hear(event: Event, clock: Clock = SYSTEM_CLOCK) -> list[heard.Heard]:
    """Write what the event says; the facts that are new by it, in order."""
    handler = _HANDLERS.get(str(event.get("type")))
    return handler(event, clock) if handler else []


def subject(event: Event) -> str:
    """Whom the event is about: the id of a leg, or the account of a phone; empty when neither."""
    resource = str((event.get("endpoint") or {}).get("resource", ""))
    return str(_channel(event).get("id") or account_of(resource))


def _channel(event: Event) -> Event:
    found: Event = event.get("channel") or event.get("peer") or {}
    return found


def _call_of(leg_id: str) -> UUID | None:
    return Leg.objects.filter(pk=leg_id).values_list("call_id", flat=True).first()


def _stasis_start(event: Event, clock: Clock) -> list[heard.Heard]:
    channel, args = _channel(event), event.get("args") or []
    leg = str(channel["id"])
    if args[:1] == [tape.TAPE]:
        call = recordings.call_of(tape.whole(args[1]))
        return [heard.TapeReady(call, leg, args[1])] if call else []
    if args[:1] == [SNOOP]:
        return [heard.SnoopReady(UUID(args[1]), leg)]
    if args[:1] == [OWN_LEG]:
        return _answered(leg, clock)
    return incoming(channel, clock, node_of(event))


def node_of(event: Event) -> str:
    """The node of the switch that told it."""
    return str(event.get(NODE, ""))


def incoming(channel: Event, clock: Clock = SYSTEM_CLOCK, node: str = "") -> list[heard.Heard]:
    """A caller's channel in the application of a node; nothing when it is known already."""
    leg = str(channel["id"])
    if Leg.objects.filter(pk=leg).exists():
        return []
    caller = channel.get("caller") or {}
    number = str((channel.get("dialplan") or {}).get("exten", ""))
    call = actions.register_call(
        leg,
        from_number=str(caller.get("number", ""))[:60],
        from_name=str(caller.get("name", ""))[:120],
        to_number=number[:60],
        endpoint=str(channel.get("name", ""))[:80],
        up=channel.get("state") == "Up",
        trunk=of_channel(str(channel.get("name", ""))),
        node=node,
        clock=clock,
    )
    return [heard.CallCame(call.pk, leg, number, call.from_number, call.trunk)]


def _state_change(event: Event, clock: Clock) -> list[heard.Heard]:
    channel = _channel(event)
    leg, state = str(channel["id"]), channel.get("state")
    if state == "Up":
        return _answered(leg, clock)
    if state in {"Ringing", "Ring"} and actions.leg_ringing(leg, clock):
        return _of_call(leg, heard.LegRinging)
    return []


def _answered(leg: str, clock: Clock) -> list[heard.Heard]:
    if actions.leg_answered(leg, clock):
        return _of_call(leg, heard.LegAnswered)
    return []


def _of_call(leg: str, fact: Callable[[UUID, str], heard.Heard]) -> list[heard.Heard]:
    call = _call_of(leg)
    return [fact(call, leg)] if call else []


def _destroyed(event: Event, clock: Clock) -> list[heard.Heard]:
    channel = _channel(event)
    return leg_gone(str(channel["id"]), cause_of(event), str(event.get("cause_txt", "")), clock)


def cause_of(destroyed: Event) -> int | None:
    """Q.850, why the channel ended. Asterisk gives 0 for a BYE without a reason, and 127 with SIP's 487 for a CANCEL."""
    cause = destroyed.get("cause")
    if cause == 0 or (cause == 127 and destroyed.get("tech_cause") == 487):
        return 16
    return cause


def leg_gone(leg_id: str, cause: int | None, text: str, clock: Clock = SYSTEM_CLOCK) -> list[heard.Heard]:
    """The leg is no longer in the switch."""
    leg = Leg.objects.filter(pk=leg_id).first()
    if leg is None or not actions.leg_ended(leg_id, cause, text, clock):
        return []
    return [heard.LegEnded(leg.call_id, leg_id, cause, leg.answered_at is not None)]


def _joined(event: Event, clock: Clock) -> list[heard.Heard]:
    return _moved(event, True, clock)


def _left(event: Event, clock: Clock) -> list[heard.Heard]:
    return _moved(event, False, clock)


def _moved(event: Event, joined: bool, clock: Clock) -> list[heard.Heard]:
    leg, bridge = str(_channel(event)["id"]), str(event["bridge"]["id"])
    if not actions.leg_moved(leg, bridge, joined, clock):
        return []
    call = _call_of(leg)
    if call is None:
        return []
    return [heard.LegJoined(call, leg, bridge) if joined else heard.LegLeft(call, leg, bridge)]


def _digit(event: Event, clock: Clock) -> list[heard.Heard]:
    """The key itself is kept only where it chooses something of ours; in a talk it may be part of a secret."""
    leg, digit = str(_channel(event)["id"]), str(event["digit"])
    row = Leg.objects.select_related("call").filter(pk=leg).first()
    if row is None:
        return []
    chooses = row.call.state == CallState.FLOW
    actions.note(row.call_id, "digit", leg=leg, data={"digit": digit} if chooses else {}, clock=clock)
    return [heard.Digit(row.call_id, leg, digit)]


def _transfer(event: Event, clock: Clock) -> list[heard.Heard]:
    """What a phone asks; the same with a state is an echo of our own answer to it."""
    leg = str(event["referred_by"]["source_channel"]["id"])
    call = _call_of(leg)
    if "state" in event or call is None:
        return []
    wanted = event["refer_to"]["requested_destination"]
    to, attended = str(wanted.get("destination", "")), "protocol_id" in wanted
    return [heard.TransferAsked(call, leg, to, attended)]


def _held(event: Event, clock: Clock) -> list[heard.Heard]:
    leg, held = str(_channel(event)["id"]), event["type"] == "ChannelHold"
    row = Leg.objects.filter(pk=leg).first()
    if row is None or row.role == LegRole.CALLER or not actions.leg_held(leg, held, clock):
        return []
    return [heard.LegHeld(row.call_id, leg, held)]


def _user_event(event: Event, clock: Clock) -> list[heard.Heard]:
    """After the end of a channel the embedded switch tells how it sounded; it also tells whom it has banned."""
    if event.get("eventname") == guessers.BANNED:
        guessers.banned(event.get("userevent") or {}, clock)
    if event.get("eventname") == sound.QUALITY:
        found = sound.of_statistics(event.get("userevent") or {})
        actions.leg_sounded(str(_channel(event).get("id", "")), found, clock)
    return []


def _variable(event: Event, clock: Clock) -> list[heard.Heard]:
    leg = str(_channel(event).get("id", ""))
    if event.get("variable") == sound.ASTERISK_QUALITY:
        actions.leg_sounded(leg, sound.of_asterisk(str(event.get("value", ""))), clock)
        return []
    if event.get("variable") != CONNECTION or (call := _call_of(leg)) is None:
        return []
    return [heard.ConnectionChanged(call, leg, event.get("value") == "lost")]


def _playback_finished(event: Event, clock: Clock) -> list[heard.Heard]:
    playback = event["playback"]
    return [heard.PlaybackEnded(str(playback["id"]), playback.get("state") == "failed")]


def _recording_over(event: Event, clock: Clock) -> list[heard.Heard]:
    recording = event["recording"]
    name, failed = tape.whole(str(recording["name"])), event["type"] == "RecordingFailed"
    call = recordings.call_of(name)
    if call is None:
        return []
    if recording.get("helpline_talk"):
        recordings.talked(name, recording["helpline_talk"])
    failure = str(recording.get("cause") or "the switch could not record") if failed else ""
    return [heard.RecordingEnded(call, name, float(recording.get("duration") or 0), failure)]


def _endpoint(event: Event, clock: Clock) -> list[heard.Heard]:
    endpoint = event["endpoint"]
    if is_trunk(str(endpoint["resource"])):
        return []  # the acd process asks how trunks are
    name, online = str(endpoint["resource"]), endpoint.get("state") == "online"
    return [heard.PhoneChanged(account_of(name), online, endpoint=name, node=node_of(event))]


def account_of(endpoint: str) -> str:
    """The account behind an endpoint: Asterisk knows the browser of `ada` as `ada@browser`."""
    return endpoint.partition("@")[0]


def _contact(event: Event, clock: Clock) -> list[heard.Heard]:
    """Another phone of the account: one that was cut off may be there again beside the dead one."""
    status = (event.get("contact_info") or {}).get("contact_status")
    if status not in {"Created", "Reachable", "NonQualified"} or is_trunk(str(event["endpoint"]["resource"])):
        return []
    name = str(event["endpoint"]["resource"])
    return [heard.PhoneChanged(account_of(name), True, fresh=True, endpoint=name, node=node_of(event))]


_HANDLERS: dict[str, Callable[[Event, Clock], list[heard.Heard]]] = {
    "StasisStart": _stasis_start,
    "ChannelStateChange": _state_change,
    "ChannelDestroyed": _destroyed,
    "ChannelEnteredBridge": _joined,
    "ChannelLeftBridge": _left,
    "ChannelDtmfReceived": _digit,
    "ChannelTransfer": _transfer,
    "ChannelHold": _held,
    "ChannelUnhold": _held,
    "ChannelVarset": _variable,
    "ChannelUserevent": _user_event,
    "PlaybackFinished": _playback_finished,
    "RecordingFinished": _recording_over,
    "RecordingFailed": _recording_over,
    "PeerStatusChange": _endpoint,
    "ContactStatusChange": _contact,
}
