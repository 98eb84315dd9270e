"""What the procedure panel shows: the present step large, the others one line each. Few queries, no rows left to load."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import formats, translation

from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.together import together
from helpline.procedure import access, parsing, placeholders, step_tools
from helpline.procedure.document import CLOSING, IDENTITY, Document, Field, FieldKind, Gate, Per, Step
from helpline.procedure.models import CallRun, GatePass, RunTicket, StepTime
from helpline.procedure.placeholders import Piece
from helpline.tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class StepLine:
    """One line of the list of steps. `state`: done | gap (something required is missing) | now | ahead."""

    number: int
    key: str
    title: str
    state: str
    #: seconds spent so far; a running stay counts up from `since` in the browser
    seconds: float
    since: datetime | None


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A question with its present answer; `shown` is the answer in words."""

    key: str
    label: str
    kind: str
    required: bool
    value: Any
    shown: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TickLine:
    """`hotkey`: the number key that ticks it; empty beyond the ninth."""

    key: str
    label: str
    required: bool
    on: bool
    hotkey: str


@dataclass(frozen=True, slots=True)
class WayLine:
    key: str
    label: str
    say: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class GateLine:
    """A gate; `how` is the label of the way it was passed, empty while it is shut."""

    key: str
    title: str
    ways: tuple[WayLine, ...]
    how: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """A ticket of the call. `closing`: "" (open) | solved | unsolved."""

    number: int
    subject: str
    closing: str
    now: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything the panel shows of a run."""

    call_id: UUID
    #: language of the script
    language: str
    may_write: bool
    closed: bool
    #: now in the desk's zone, as a datetime-local control takes it
    due_from: str
    caller: str
    ticket: Ticket | None
    #: the ticket is glued to the call; False: it is only likely the one
    settled: bool
    steps: tuple[StepLine, ...]
    now: Step
    next_step: str
    say: tuple[Piece, ...]
    fields: tuple[FieldLine, ...]
    ticks: tuple[TickLine, ...]
    identity: GateLine
    closing: GateLine
    problems: tuple[ProblemLine, ...]
    tools: step_tools.Tools = field(default_factory=step_tools.Tools)

    @property
    def open_closings(self) -> tuple[ProblemLine, ...]:
        """Problems of the call that were not closed properly."""
        return tuple(problem for problem in self.problems if not problem.closing)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The rows of a run, read once."""

    run: CallRun
    document: Document
    problems: list[RunTicket]
    passes: list[GatePass]
    times: list[StepTime]

    @property
    def problem(self) -> RunTicket | None:
        return next((one for one in self.problems if one.ticket_id == self.run.ticket_id), None)

    def answers(self, step: Step) -> dict[str, Any]:
        """Answers of a step: of the call, or of the ticket worked on now."""
        if step.per == Per.CALL:
            return dict(self.run.answers)
        return dict(self.problem.answers) if self.problem else {}

    def passed(self, gate: str) -> GatePass | None:
        wanted = self.run.ticket_id if gate == CLOSING else None
        return next((one for one in self.passes if one.gate == gate and one.ticket_id == wanted), None)


def _load(run: CallRun) -> _Loaded:
    problems = run.problems.select_related("ticket__requester").order_by("opened_at", "pk")
    passes, times = run.gate_passes.all(), run.step_times.order_by("started_at", "pk")
    together(problems, passes, times)
    return _Loaded(run, parsing.parse(run.version.document), list(problems), list(passes), list(times))


def panel(actor: Actor, run: CallRun, *, clock: Clock = SYSTEM_CLOCK) -> Panel:
    """The panel of a run for an actor; `run` as `procedure.access.run` gives it."""
    loaded = _load(run)
    document = loaded.document
    now = document.step(run.step) or document.steps[0]
    facts = _facts(loaded)
    call = run.call
    may_write = run.closed_at is None and access.may_write(actor, call)
    later = document.steps[document.steps.index(now) + 1 :]
    return Panel(
        call_id=run.call_id,
        language=document.language,
        may_write=may_write,
        closed=run.closed_at is not None,
        due_from=clock.now().astimezone(_zone(run)).strftime("%Y-%m-%dT%H:%M"),
        caller=_caller(run),
        ticket=run.ticket,
        settled=loaded.problem is not None,
        steps=step_lines(document, run.step, loaded.times, loaded.answers, clock.now()),
        now=now,
        next_step=later[0].key if later else "",
        say=placeholders.fill(now.say, facts),
        fields=_fields(loaded, now),
        ticks=_ticks(now, loaded.answers(now)),
        identity=_gate(document.gate(IDENTITY), loaded, facts),
        closing=_gate(document.gate(CLOSING), loaded, facts),
        problems=_problems(loaded),
        tools=step_tools.tools(actor, run, now, clock) if may_write else step_tools.Tools(),
    )


def _caller(run: CallRun) -> str:
    contact = run.call.contact
    return contact.name if contact else run.call.from_name


def _facts(loaded: _Loaded) -> dict[str, str]:
    """What the placeholders of the scripts stand for in this call."""
    run, call = loaded.run, loaded.run.call
    closing = loaded.passed(CLOSING)
    told = closing.data if closing else {}
    plan = loaded.problem.answers.get("plan", "") if loaded.problem else ""
    return {
        "desk": call.desk.name if call.desk else "",
        "agent": call.agent.display_name if call.agent else "",
        "caller": _caller(run),
        "ticket": str(run.ticket.number) if run.ticket and loaded.problem else "",
        "next_steps": str(told.get("next_steps") or plan),
        "due": _due(told.get("due_at"), run, loaded.document.language),
    }


def _due(text: str | None, run: CallRun, language: str) -> str:
    """A promised moment as the caller's desk says it: in the desk's zone and the language of the script."""
    if not text:
        return ""
    with translation.override(language):
        local = datetime.fromisoformat(text).astimezone(_zone(run))
        return str(formats.date_format(local, "DATETIME_FORMAT"))


def _zone(run: CallRun) -> ZoneInfo:
    return ZoneInfo(run.call.desk.timezone if run.call.desk else "UTC")


def step_lines(
    document: Document, present: str, times: list[StepTime], answers: Any, now: datetime
) -> tuple[StepLine, ...]:
    """The steps with state and time; `answers` gives the answers of a step."""
    lines = []
    for number, step in enumerate(document.steps, 1):
        stays = [stay for stay in times if stay.step == step.key]
        running = next((stay for stay in stays if stay.ended_at is None), None)
        seconds = sum(((stay.ended_at or now) - stay.started_at).total_seconds() for stay in stays)
        state = "now" if step.key == present else _state(step, bool(stays), answers(step))
        since = running.started_at if running else None
        lines.append(StepLine(number, step.key, step.title, state, seconds, since))
    return tuple(lines)


def _state(step: Step, visited: bool, answers: dict[str, Any]) -> str:
    needed = [asked.key for asked in step.questions if asked.required]
    if not visited:
        return "ahead"
    return "done" if all(key in answers for key in needed) else "gap"


def _fields(loaded: _Loaded, step: Step) -> tuple[FieldLine, ...]:
    answers = loaded.answers(step)
    return tuple(_field(loaded, asked, answers.get(asked.key)) for asked in step.fields)


def _field(loaded: _Loaded, asked: Field, value: Any) -> FieldLine:
    value = _of_ticket(loaded.run, asked) if value is None else value
    options = step_tools.options(loaded.run, asked)
    shown = dict(options).get(str(value), "" if options else str(value or ""))
    if asked.kind == FieldKind.CONTACT:
        shown = _caller(loaded.run)
    return FieldLine(
        key=asked.key,
        label=asked.label,
        kind=str(asked.kind),
        required=asked.required,
        value="" if value is None else str(value),
        shown=shown,
        options=options,
    )


def _of_ticket(run: CallRun, asked: Field) -> Any:
    """What the ticket knows already, so that nobody asks twice."""
    ticket = run.ticket
    if ticket is None or not asked.saves_to:
        return None
    name = asked.saves_to.removeprefix("ticket.")
    return getattr(ticket, f"{name}_id", None) if hasattr(ticket, f"{name}_id") else getattr(ticket, name)


def _ticks(step: Step, answers: dict[str, Any]) -> tuple[TickLine, ...]:
    return tuple(
        TickLine(
            key=tick.key,
            label=tick.label,
            required=tick.required,
            on=tick.key in answers,
            hotkey=str(number) if number <= 9 else "",
        )
        for number, tick in enumerate(step.ticks, 1)
    )


def _gate(gate: Gate, loaded: _Loaded, facts: dict[str, str]) -> GateLine:
    found = loaded.passed(gate.key)
    labels = {way.key: way.label for way in gate.ways}
    return GateLine(
        key=gate.key,
        title=gate.title,
        ways=tuple(WayLine(way.key, way.label, placeholders.fill(way.say, facts)) for way in gate.ways),
        how=labels.get(found.how, found.how) if found else "",
        at=found.at if found else None,
    )


def _problems(loaded: _Loaded) -> tuple[ProblemLine, ...]:
    return tuple(
        ProblemLine(
            number=problem.ticket.number,
            subject=problem.ticket.subject,
            closing=problem.closing,
            now=problem.ticket_id == loaded.run.ticket_id,
        )
        for problem in loaded.problems
    )
