"""The live board of leads: queues, waiting callers and why they wait, agents, counts of today, what hangs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q

from helpline.acd import access, why
from helpline.acd.cards import caller_name, contact_ref, person
from helpline.acd.models import (
    Decision,
    EntryOutcome,
    EntryPoint,
    FrontEndMessage,
    MenuChoice,
    Queue,
    QueueEntry,
    QueueRequirement,
    Reservation,
)
from helpline.acd.phone_bar import agent_tiles
from helpline.acd.shown import AgentTile, EntryPointLine, MenuKey
from helpline.acd.shown_live import Board, FrontEnd, QueueRow, Today, WaitingCaller
from helpline.acd.stuck import stuck_things
from helpline.core import heartbeat
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.together import together
from helpline.people.access import desks
from helpline.people.models import Desk, PresenceState
from helpline.telephony import access as calls
from helpline.telephony.models import Call, CallState

#: seconds within which a call should be answered, until desks set their own targets
THRESHOLD_S = 20
_NOTHING: Mapping[str, int] = defaultdict(int)


def live_board(actor: Actor, clock: Clock = SYSTEM_CLOCK, own: list[Desk] | None = None) -> Board:
    """The lead's page; a fixed number of queries, whatever is going on. `own`: the actor's desks, if read already."""
    now = clock.now()
    agents = agent_tiles(actor)
    own = list(desks(actor)) if own is None else own
    pulse = heartbeat.pulses(clock).get("acd")
    counts = _stays_today(own, now)
    return Board(
        at=now,
        queues=tuple(_queue_rows(actor, own, agents, counts)),
        in_menu=tuple(_in_menu(actor)),
        agents=agents,
        front_end=front_end_messages(actor),
        stuck=stuck_things(actor, clock),
        today=_today(own, now, counts),
        acd_up=bool(pulse and pulse.up),
        switch_up=bool(pulse and pulse.up and pulse.detail.get("switch")),
    )


def midnight(desk: Desk, now: datetime) -> datetime:
    """When today began in the desk's own zone."""
    here = now.astimezone(ZoneInfo(desk.timezone))
    return here.replace(hour=0, minute=0, second=0, microsecond=0)


def _stays_today(own: list[Desk], now: datetime) -> dict[int, Mapping[str, int]]:
    """Queue -> counts of the stays in it that began today, and of those that still last."""
    today = Q(pk__in=[])
    for desk in own:
        today |= Q(queue__desk=desk) & (Q(entered_at__gte=midnight(desk, now)) | Q(left_at=None))
    soon = Q(left_at__lte=F("entered_at") + timedelta(seconds=THRESHOLD_S))
    names = ("offered", "answered", "abandoned", "flowed_out", "waiting", "in_time", "gone_early")
    counted = QueueEntry.objects.filter(today).values("queue")
    counted = counted.annotate(
        offered=Count("pk"),
        answered=Count("pk", filter=Q(outcome=EntryOutcome.ANSWERED)),
        abandoned=Count("pk", filter=Q(outcome=EntryOutcome.ABANDONED)),
        flowed_out=Count("pk", filter=Q(outcome=EntryOutcome.FLOWED_OUT)),
        waiting=Count("pk", filter=Q(left_at=None)),
        in_time=Count("pk", filter=soon & Q(outcome=EntryOutcome.ANSWERED)),
        gone_early=Count("pk", filter=soon & Q(outcome=EntryOutcome.ABANDONED)),
    )
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in counted.values_list("queue", *names)}


def _queue_rows(
    actor: Actor, own: list[Desk], agents: tuple[AgentTile, ...], counts: Mapping[int, Mapping[str, int]]
) -> Iterable[QueueRow]:
    waiting = _waiting(actor)
    asked = _asked_at_first(own)
    for queue in Queue.objects.filter(desk__in=own).select_related("desk").order_by("desk__name", "name"):
        known: Mapping[str, int] = counts.get(queue.pk, _NOTHING)
        callers = tuple(waiting[queue.pk])
        yield QueueRow(
            key=queue.key,
            name=queue.name,
            desk_key=queue.desk.key,
            desk_name=queue.desk.name,
            callers=callers,
            longest_since=min((caller.since for caller in callers), default=None),
            free_agents=sum(_free_for(tile, asked[queue.pk]) for tile in agents),
            entered_today=known["offered"],
            answered_today=known["answered"],
            abandoned_today=known["abandoned"],
            flowed_out_today=known["flowed_out"],
            service_level=_percent(
                known["in_time"], known["answered"] + known["abandoned"] - known["gone_early"]
            ),
            threshold_s=THRESHOLD_S,
        )


def _asked_at_first(own: list[Desk]) -> dict[int, dict[str, int]]:
    """Skill levels each queue asks for from the first second; those of a menu choice come on top."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    rows = QueueRequirement.objects.filter(queue__desk__in=own, after_s=0)
    for queue, skill, level in rows.values_list("queue", "skill__key", "min_level"):
        found[queue][skill] = level
    return found


def _free_for(tile: AgentTile, asked: Mapping[str, int]) -> bool:
    able = all(tile.skills.get(skill, 0) >= level for skill, level in asked.items())
    return able and tile.state == PresenceState.AVAILABLE


def _percent(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) * 100 / whole).quantize(Decimal("0.1")) if whole else None


def _waiting(actor: Actor) -> dict[int, list[WaitingCaller]]:
    """Open stays by queue, longest first; two queries."""
    rows = list(
        QueueEntry.objects.filter(left_at=None, call__desk__in=actor.desk_ids)
        .exclude(call__state=CallState.ENDED)
        .select_related("call__contact__organisation", "queue")
        .order_by("entered_at", "pk")
    )
    waiting = [row.call_id for row in rows]
    open_offers = Reservation.objects.filter(call__in=waiting, closed_at=None).select_related("user")
    decisions = Decision.objects.filter(call__in=waiting).select_related("user").order_by("at", "pk")
    together(open_offers, decisions)
    offered = {row.call_id: row.user for row in open_offers}
    reasons = {row.call_id: row for row in decisions}
    found: dict[int, list[WaitingCaller]] = defaultdict(list)
    for row in rows:
        decision = reasons.get(row.call_id)
        found[row.queue_id].append(
            WaitingCaller(
                call_id=row.call_id,
                position=len(found[row.queue_id]) + 1,
                number=row.call.from_number,
                name=caller_name(row.call),
                contact=contact_ref(row.call.contact, row.call.contact_by),
                since=row.entered_at,
                menu_label=row.menu_label,
                language=row.call.language,
                skills=row.skills,
                offered_to=person(offered.get(row.call_id)),
                why=why.text(decision, {row.queue.key: row.queue.name}) if decision else "",
                may=_steering(actor, row.call),
            )
        )
    return found


def _steering(actor: Actor, call: Call) -> frozenset[str]:
    return frozenset({"move", "hangup"}) if access.is_lead(actor, call.desk_id) else frozenset()


def _in_menu(actor: Actor) -> Iterable[WaitingCaller]:
    rows = calls.visible(actor).filter(state=CallState.FLOW, direction="in")
    for position, call in enumerate(rows.select_related("contact__organisation").order_by("started_at"), 1):
        yield WaitingCaller(
            call_id=call.pk,
            position=position,
            number=call.from_number,
            name=caller_name(call),
            contact=contact_ref(call.contact, call.contact_by),
            since=call.started_at,
            menu_label="",
            language=call.language,
            skills={},
            offered_to=None,
            why="",
        )


def _today(own: list[Desk], now: datetime, counts: Mapping[int, Mapping[str, int]]) -> Today:
    today = Q(pk__in=[])
    for desk in own:
        today |= Q(desk=desk) & (Q(started_at__gte=midnight(desk, now)) | ~Q(state=CallState.ENDED))
    numbers = Call.objects.filter(today).aggregate(
        calls=Count("pk"),
        served=Count("pk", filter=Q(outcome="served")),
        talking=Count("pk", filter=Q(state__in=[CallState.TALKING, CallState.HELD])),
        in_menu=Count("pk", filter=Q(state=CallState.FLOW)),
    )
    names = ("offered", "answered", "abandoned", "flowed_out", "waiting")
    stays = {name: sum(known[name] for known in counts.values()) for name in names}
    return Today(**numbers, **stays)


def front_end_messages(actor: Actor) -> tuple[FrontEnd, ...]:
    """Front-end messages of the actor's desks, those that are on first."""
    rows = FrontEndMessage.objects.filter(desk__in=desks(actor))
    return tuple(
        FrontEnd(
            id=row.pk,
            desk_key=row.desk.key,
            desk_name=row.desk.name,
            entry_point=row.entry_point.number if row.entry_point else "",
            text=row.text,
            on=row.on,
            switched_at=row.switched_at,
            switched_by=row.switched_by.display_name if row.switched_by else "",
            incident_id=row.incident_id,
            incident_title=row.incident.title if row.incident else "",
            heard=row.heard_count,
            served=row.served_count,
            joined=row.joined_count,
        )
        for row in rows.select_related("desk", "entry_point", "incident", "switched_by").order_by("-on", "pk")
    )


def entry_points(actor: Actor, only: int | None = None) -> tuple[EntryPointLine, ...]:
    """How callers come in at the actor's desks; `only`: the id of the one that is wanted."""
    keys: dict[int, list[MenuKey]] = defaultdict(list)
    for row in MenuChoice.objects.select_related("queue").order_by("key"):
        keys[row.entry_point_id].append(
            MenuKey(row.key, row.label, row.queue.key, row.queue.name, row.skills)
        )
    on = FrontEndMessage.objects.filter(on=True).values_list("desk_id", "entry_point_id")
    switched = set(on)
    rows = EntryPoint.objects.filter(desk__in=desks(actor)).select_related("desk", "queue").order_by("number")
    if only is not None:
        rows = rows.filter(pk=only)
    return tuple(
        EntryPointLine(
            id=row.pk,
            desk_id=row.desk_id,
            number=row.number,
            name=row.name,
            desk_key=row.desk.key,
            desk_name=row.desk.name,
            language=row.language,
            greeting=_in_language(row.greeting, row.language),
            menu_prompt=_in_language(row.menu_prompt, row.language),
            keys=tuple(keys[row.pk]),
            queue_key=row.queue.key,
            queue_name=row.queue.name,
            front_end_on=bool({(row.desk_id, None), (row.desk_id, row.pk)} & switched),
        )
        for row in rows
    )


def _in_language(texts: dict[str, str], language: str) -> str:
    return texts.get(language) or next(iter(texts.values()), "")
