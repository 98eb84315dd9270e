"""A caller's calls and their sound: given out, and forgotten."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpline.core import registry
from helpline.core.errors import Conflict
from helpline.core.personal import Asked, Held, Part, Person, PersonalData, columns
from helpline.core.redaction import rewrite, sweep
from helpline.telephony import recordings
from helpline.telephony.models import (
    Call,
    CallEvent,
    CallState,
    Direction,
    Leg,
    LegRole,
    Recording,
    RecordingState,
)

#: events whose `to` and `from` are a number, not a colleague
_NUMBERS = frozenset({"arrived", "dialled"})


def calls_of(person: Person) -> QuerySet[Call]:
    """Calls of the contact, and calls from or to a number that is only theirs and that were given to nobody."""
    at_desk = Q(desk_id=person.desk_id) | Q(desk=None)
    numbers = Q(direction=Direction.IN, from_number__in=person.numbers)
    numbers |= Q(direction=Direction.OUT, to_number__in=person.numbers)
    return Call.objects.filter(Q(contact_id=person.contact_id) | (Q(contact=None) & at_desk & numbers))


def call_ids_of(person: Person) -> list[UUID]:
    """The ids of `calls_of`."""
    return list(calls_of(person).values_list("pk", flat=True))


def _sounds(person: Person) -> QuerySet[Recording]:
    return Recording.objects.filter(call__in=calls_of(person)).order_by("started_at")


def held(person: Person) -> Held:
    """Lines for the page that asks whether to erase."""
    calls = calls_of(person).count()
    sounds = _sounds(person).filter(state=RecordingState.STORED).count()
    taped = ngettext("The recording of %d call", "The recordings of %d calls", sounds) % sounds
    noted = ngettext(
        "Number, name and pressed keys of %d call", "Numbers, name and pressed keys of %d calls", calls
    )
    if not calls:
        return Held()
    goes = (taped, noted % calls) if sounds else (noted % calls,)
    return Held(goes, (_("That the calls took place, when, how long and who answered, for the statistics"),))


def give(asked: Asked) -> Part:
    """Calls with their events, and the sound that is still kept; taking it counts as an access."""
    calls = calls_of(asked.person).order_by("started_at").prefetch_related("events", "recordings")
    files = []
    for row in _sounds(asked.person).filter(state=RecordingState.STORED):
        path = recordings.path_of(row)
        if path.is_file():
            files.append((_name(row), path))
            recordings.accessed(row, asked.actor.user_id, "export", asked.clock)
    return Part({"calls": [_call(call) for call in calls]}, tuple(files))


def _name(row: Recording) -> str:
    return f"recordings/{row.started_at:%Y-%m-%d-%H%M%S}-{row.pk}.wav"


def _call(call: Call) -> dict[str, Any]:
    facts = columns(
        call,
        "id",
        "direction",
        "from_number",
        "from_name",
        "to_number",
        "language",
        "started_at",
        "answered_at",
        "ended_at",
        "ended_by",
        "outcome",
        "wait_s",
        "talk_s",
        "hold_s",
    )
    told = [
        {"at": event.at.isoformat(), "kind": event.kind, "data": _without_colleagues(event)}
        for event in sorted(call.events.all(), key=lambda row: (row.at, row.pk))
    ]
    sounds = [
        {**columns(row, "started_at", "state", "duration_ms", "pauses", "keep_until"), "file": _name(row)}
        for row in call.recordings.all()
    ]
    return {**facts, "events": told, "recordings": sounds}


def _without_colleagues(event: CallEvent) -> dict[str, Any]:
    hidden = {"user"} if event.kind in _NUMBERS else {"user", "to"}
    return {key: value for key, value in event.data.items() if key not in hidden}


def forget(asked: Asked) -> None:
    """Erase sound and numbers of the calls. Raises Conflict while one is going on or its sound is under way."""
    person = asked.person
    _refuse_live(person)
    calls = call_ids_of(person)
    for row in Recording.objects.filter(call__in=calls, state=RecordingState.STORED):
        recordings.erase(row, asked.clock)
    own = Call.objects.filter(pk__in=calls)
    own.filter(direction=Direction.IN).update(from_number="", from_name="")
    own.filter(direction=Direction.OUT).update(to_number="", from_name="")
    Leg.objects.filter(call__in=calls, role__in=[LegRole.CALLER, LegRole.OUTSIDE]).update(endpoint="")
    _forget_story(person, calls)
    _forget_elsewhere(person)


def _refuse_live(person: Person) -> None:
    if calls_of(person).exclude(state=CallState.ENDED).exists():
        raise Conflict(
            _("This person is on the telephone now."),
            code="live_call",
            help=_("Wait until the call is over, then erase."),
        )
    if _sounds(person).filter(state=RecordingState.LIVE).exists():
        raise Conflict(
            _("A recording of this person is still on its way to the store."),
            code="live_recording",
            help=_("Try again in a minute."),
        )


def _forget_story(person: Person, calls: list[UUID]) -> None:
    events = CallEvent.objects.filter(call__in=calls)
    events.filter(kind="digit").delete()
    for event in events.filter(kind__in=_NUMBERS):
        side = "from" if event.kind == "arrived" else "to"
        CallEvent.objects.filter(pk=event.pk).update(data={**event.data, side: ""})
    rewrite(events.exclude(kind__in=[*_NUMBERS, "state"]), ["data"], person.near)


def _forget_elsewhere(person: Person) -> None:
    """Calls of others that came from this person's telephone or were sent on to it."""
    calls = Call.objects.filter(desk_id=person.desk_id)
    calls.filter(from_number__in=person.numbers).update(from_number="")
    calls.filter(to_number__in=person.numbers).update(to_number="")
    sweep(calls, ["from_name"], person.anywhere)
    sweep(CallEvent.objects.filter(call__desk_id=person.desk_id), ["data"], person.anywhere)
    sweep(Leg.objects.filter(call__desk_id=person.desk_id), ["endpoint"], person.anywhere)


def register() -> None:
    """Called once when the program starts."""
    registry.personal.register("calls", PersonalData(held, give, forget), order=40)
