"""`/metrics`: figures for Prometheus, read anew from the database and the switch at each scrape.

Text format 0.0.4 of prometheus.io/docs/instrumenting/exposition_formats. Names and meanings: docs/operations.md.
"""

import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from helpline.acd.models import QueueEntry
from helpline.core import heartbeat, outbox
from helpline.core.clock import SYSTEM, Clock
from helpline.core.models import Cursor, OutboxEvent
from helpline.mail.mailboxes.alarms import Alarm
from helpline.mail.models import Inbound, Mailbox, MailboxState, Verdict
from helpline.people.models import Presence, PresenceState
from helpline.telephony import switch_state
from helpline.telephony.models import Call, CallState, Recording, RecordingState
from helpline.telephony.switch_reader import node_names, our_switch
from helpline.telephony.switch_state import SwitchState

#: processes that should be up
PROCESSES = ("web", "acd", "worker")
#: shown once it was started: a desk without mailboxes needs none
WHEN_KNOWN = ("postman",)
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for whoever shows the token; without a token set only for this machine."""
    if not _may_read(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    registry = CollectorRegistry()
    registry.register(_Desk(SYSTEM))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    token: str = settings.ENV.metrics_token
    if token:
        scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
    # A proxy on this machine speaks for others: what it hands on does not count as from here.
    handed_on = any(name in request.META for name in _FORWARDED)
    return not handed_on and request.META.get("REMOTE_ADDR") in _LOOPBACK


class _Desk(Collector):
    """All figures, asked when they are collected."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked when it is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Everything."""
        now = self._clock.now()
        yield from _calls(now)
        yield _agents()
        yield _failed_recordings()
        yield from _outbox(now)
        yield from _processes(self._clock)
        yield from _mail(now)
        names = node_names()
        if len(names) == 1:
            yield from _switch(switch_state.read(our_switch()))
        else:
            yield from _nodes(switch_state.read_all({name: our_switch(name) for name in names}))


def _calls(now: datetime) -> Iterator[Metric]:
    states = dict.fromkeys([state for state in CallState.values if state != CallState.ENDED], 0)
    live = Call.objects.exclude(state=CallState.ENDED).order_by().values_list("state")
    states |= dict(live.annotate(Count("pk")))
    yield _labelled("helpline_calls", "Calls that go on, by state.", "state", states)
    waiting = GaugeMetricFamily("helpline_waiting_calls", "Callers in a queue.", labels=["queue"])
    longest = GaugeMetricFamily(
        "helpline_longest_wait_seconds", "How long the first in the queue waits.", labels=["queue"]
    )
    rows = QueueEntry.objects.filter(left_at=None).order_by().values_list("queue__key")
    for key, count, since in rows.annotate(Count("pk"), Min("entered_at")):
        waiting.add_metric([key], count)
        longest.add_metric([key], max(0.0, (now - since).total_seconds()))
    yield waiting
    yield longest


def _agents() -> Metric:
    states = dict.fromkeys(PresenceState.values, 0)
    here = Presence.objects.filter(user__is_active=True).order_by().values_list("state")
    states |= dict(here.annotate(Count("pk")))
    return _labelled("helpline_agents", "People by the state of their phone.", "state", states)


def _failed_recordings() -> Metric:
    failed = Recording.objects.filter(state=RecordingState.FAILED).count()
    text = "Recordings that were not stored, of all that are known."
    return GaugeMetricFamily("helpline_recordings_failed", text, failed)


def _outbox(now: datetime) -> Iterator[Metric]:
    behind = GaugeMetricFamily(
        "helpline_outbox_lag_events", "Events a reader has not seen yet.", labels=["reader"]
    )
    age = GaugeMetricFamily(
        "helpline_outbox_lag_seconds", "Age of the first event a reader has not seen.", labels=["reader"]
    )
    last = outbox.last_id()
    yield GaugeMetricFamily("helpline_outbox_last_event", "Number of the last event.", last)
    for reader in Cursor.objects.order_by("name")[:8]:
        first = OutboxEvent.objects.filter(id__gt=reader.position).order_by("id").first()
        behind.add_metric([reader.name], max(0, last - reader.position))
        age.add_metric([reader.name], (now - first.at).total_seconds() if first else 0.0)
    yield behind
    yield age


def _processes(clock: Clock) -> Iterator[Metric]:
    up = GaugeMetricFamily("helpline_process_up", "1 when the process lives.", labels=["process"])
    known = heartbeat.pulses(clock)
    for name in (*PROCESSES, *(each for each in WHEN_KNOWN if each in known)):
        pulse = known.get(name)
        # Whoever answers this is the web process.
        up.add_metric([name], float(name == "web" or bool(pulse and pulse.up)))
    yield up
    acd = known.get("acd")
    detail = acd.detail if acd else {}
    text = "Events and commands the call control has not worked on yet."
    yield GaugeMetricFamily("helpline_acd_inbox", text, float(detail.get("inbox", 0)))
    text = "Orders to the switch that were not carried out yet."
    yield GaugeMetricFamily("helpline_acd_orders", text, float(detail.get("orders", 0)))


def _mail(now: datetime) -> Iterator[Metric]:
    """How mailboxes are, and how many messages of the ledger have which verdict."""
    up = GaugeMetricFamily("helpline_mailbox_up", "1 when the mailbox works.", labels=["mailbox"])
    alarm = GaugeMetricFamily(
        "helpline_mailbox_alarm", "1 while the alarm goes on.", labels=["mailbox", "alarm"]
    )
    age = GaugeMetricFamily(
        "helpline_mailbox_last_mail_seconds", "Age of the last message.", labels=["mailbox"]
    )
    for mailbox in Mailbox.objects.filter(active=True).order_by("name"):
        up.add_metric([mailbox.name], float(mailbox.state != MailboxState.FAILING))
        for each in Alarm:
            alarm.add_metric([mailbox.name, str(each)], float(each in mailbox.alarms))
        if mailbox.last_mail_at is not None:
            age.add_metric([mailbox.name], max(0.0, (now - mailbox.last_mail_at).total_seconds()))
    yield up
    yield alarm
    yield age
    text = "Messages that came in, by what became of them."
    verdicts = dict.fromkeys(Verdict.values, 0)
    verdicts |= dict(Inbound.objects.order_by().values_list("verdict").annotate(Count("pk")))
    yield _labelled("helpline_mail_inbound", text, "verdict", verdicts)


def _nodes(states: Mapping[str, SwitchState]) -> Iterator[Metric]:
    """The figures of each node, told apart by a label."""
    found: dict[str, Metric] = {}
    for node, state in states.items():
        for family in _switch(state):
            known = found.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                known.add_sample(sample.name, {**sample.labels, "node": node}, sample.value)
    yield from found.values()


def _switch(state: SwitchState) -> Iterator[Metric]:
    yield GaugeMetricFamily("helpline_switch_up", "1 when the switch answers.", float(not state.away))
    if state.away:
        return
    gauge, counter = GaugeMetricFamily, CounterMetricFamily
    yield gauge("helpline_switch_channels", "Legs the switch has, with and without sound.", state.channels)
    yield gauge("helpline_switch_registrations", "Telephones that are registered.", len(state.phones))
    if state.process is not None:
        draining = float(state.process.draining_s is not None)
        yield gauge("helpline_switch_draining", "1 while new calls are refused.", draining)
        yield counter("helpline_switch_guesses", "Wrong passwords of telephones.", state.process.guesses)
    if state.bans is not None:
        yield gauge("helpline_switch_banned_addresses", "Addresses that guessed passwords.", len(state.bans))
    f = state.figures
    if f is None:
        return
    yield gauge("helpline_switch_legs", "Legs in the mixer.", f.legs)
    yield gauge("helpline_switch_recordings", "Recordings that run.", f.recordings)
    yield gauge("helpline_switch_waiting_for_desk", "Calls that wait for the call control.", f.waiting)
    lost = sum(leg.lost for leg in state.legs)
    yield gauge("helpline_switch_lost_packets", "Packets lost on the legs there are now.", lost)
    text = "Frames that were lost or late and filled, on the legs there are now."
    yield gauge("helpline_switch_concealed_frames", text, f.concealed)
    for name, text, value in (
        ("ticks", "Ticks of the mixer, 50 a second while somebody speaks.", f.ticks),
        ("late_ticks", "Ticks that began more than 5 ms late.", f.late_ticks),
        ("skipped_ticks", "Ticks left out after more than 100 ms of delay.", f.skipped_ticks),
        ("media_cpu_seconds", "Processor time of the media process.", f.cpu_s),
    ):
        yield counter(f"helpline_switch_{name}", text, value)


def _labelled(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family
