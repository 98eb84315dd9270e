"""The JSON of channels, bridges, playbacks, recordings, endpoints and events, as Asterisk 22 writes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from helpline_switch.ari.statistics import rtp_statistics
from helpline_switch.core.bridge import Bridge
from helpline_switch.core.channel import CallerId, Channel
from helpline_switch.core.notices import Notice
from helpline_switch.core.playback import Playback
from helpline_switch.core.presence import ContactInfo, Endpoint
from helpline_switch.core.recording import LiveRecording, RecordingState
from helpline_switch.media.stats import LegStats

Json = dict[str, Any]

ASTERISK_ID = "helpline-switch"
# Variables that go out with every channel, as ari.conf's "channelvars" lets Asterisk do.
_SHOWN_PREFIX = "HELPLINE_"


def stamp(when: datetime) -> str:
    """``2026-11-22T15:47:31.123+0000``."""
    text = when.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return text + when.strftime("%z")


def caller(value: CallerId) -> Json:
    return {"name": value.name, "number": value.number}


def channel(value: Channel) -> Json:
    data = ",".join((value.target_app, *value.app_args))
    return {
        "id": value.id,
        "name": value.name,
        "state": value.state.value,
        "protocol_id": value.protocol_id,
        "caller": caller(value.caller),
        "connected": caller(value.connected),
        "accountcode": value.account or "",
        "dialplan": {
            "context": value.context,
            "exten": value.exten or "s",
            "priority": 1,
            "app_name": "Stasis",
            "app_data": data,
        },
        "creationtime": stamp(value.created),
        "language": value.language,
        "channelvars": {k: v for k, v in value.variables.items() if k.startswith(_SHOWN_PREFIX)},
    }


def bridge(value: Bridge) -> Json:
    return {
        "id": value.id,
        "technology": value.technology,
        "bridge_type": value.kind,
        "bridge_class": "stasis",
        "creator": "Stasis",
        "name": value.name,
        "channels": list(value.channels),
        "creationtime": stamp(value.created),
        "video_mode": "none",
    }


def playback(value: Playback) -> Json:
    return {
        "id": value.id,
        "media_uri": value.media_uri,
        "target_uri": value.target_uri,
        "language": value.language,
        "state": value.state.value,
    }


def recording(value: LiveRecording) -> Json:
    shape: Json = {
        "name": value.name,
        "format": "wav",
        "target_uri": value.target_uri,
        "state": value.state.value,
    }
    if value.duration is not None:
        talking = value.talking or 0.0
        shape["duration"] = round(value.duration)
        shape["talking_duration"] = round(talking)
        shape["silence_duration"] = max(0, round(value.duration) - round(talking))
    if value.talk:
        shape["helpline_talk"] = value.talk
    if value.state is RecordingState.FAILED and value.cause:
        shape["cause"] = value.cause
    return shape


def endpoint(value: Endpoint) -> Json:
    return {
        "technology": "PJSIP",
        "resource": value.resource,
        "state": "online" if value.online else "offline",
        "channel_ids": list(value.channel_ids),
    }


def contact(value: ContactInfo) -> Json:
    return {"uri": value.uri, "contact_status": value.status, "aor": value.aor, "roundtrip_usec": "0"}


def value(item: object) -> object:
    """Any object of the core as JSON; JSON values as they are."""
    match item:
        case Channel():
            return channel(item)
        case Bridge():
            return bridge(item)
        case Playback():
            return playback(item)
        case LiveRecording():
            return recording(item)
        case Endpoint():
            return endpoint(item)
        case ContactInfo():
            return contact(item)
        case LegStats():
            return rtp_statistics(item)
        case dict():
            return {name: value(each) for name, each in item.items()}
        case _:
            return item


def event(notice: Notice, app: str, when: datetime) -> Json:
    """One event as one application sees it."""
    head: Json = {
        "type": notice.type,
        "timestamp": stamp(when),
        "asterisk_id": ASTERISK_ID,
        "application": app,
    }
    return head | {name: value(item) for name, item in notice.fields.items()}
