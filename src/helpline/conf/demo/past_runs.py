"""How the procedure went in the past calls of the demo: time per step, gates, recordings."""

from datetime import datetime, timedelta
from random import Random

from helpline.conf.demo.cast import House
from helpline.conf.demo.plan import Case, Plan, Talk
from helpline.core.clock import Clock
from helpline.procedure import actions
from helpline.procedure.models import CallRun, GatePass, ProcedureVersion, RunTicket, StepTime
from helpline.telephony.models import Recording, RecordingState
from helpline.telephony.recordings import Kept
from helpline.tickets.models import Ticket

LANGUAGES = ("en", "nl", "de", "fi", "fr", "ja")
#: share of the talk each step takes, on average
SHARES = {
    "greeting": 0.07,
    "listen": 0.18,
    "troubleshoot": 0.20,
    "diagnose": 0.14,
    "explain": 0.13,
    "solve": 0.20,
    "goodbye": 0.08,
}


def publish(house: House, clock: Clock) -> dict[str, ProcedureVersion]:
    """The procedure of each desk in every language; the English version by desk key."""
    found = {}
    for desk in house.desks.values():
        for language in LANGUAGES:
            procedure = actions.create_default(desk, language, clock=clock)
            if language == "en":
                found[desk.key] = procedure.versions.order_by("-number")[:1].get()
    return found


def write(
    plan: Plan, tickets: list[Ticket], house: House, versions: dict[str, ProcedureVersion], rng: Random
) -> None:
    """A run for every incoming talk, with step times and gates."""
    pairs = [
        (case, ticket, talk)
        for case, ticket in zip(plan.cases, tickets, strict=True)
        for talk in case.talks
        if not talk.outgoing
    ]
    runs = CallRun.objects.bulk_create(
        _run(case, ticket, talk, versions[case.problem.desk]) for case, ticket, talk in pairs
    )
    times: list[StepTime] = []
    gates: list[GatePass] = []
    problems: list[RunTicket] = []
    for run, (case, ticket, talk) in zip(runs, pairs, strict=True):
        problems.append(_problem(run, ticket, case, talk))
        times += _times(run, talk, house, rng)
        gates += _gates(run, ticket, talk, house, rng)
    RunTicket.objects.bulk_create(problems)
    StepTime.objects.bulk_create(times)
    GatePass.objects.bulk_create(gates)


def _closing(case: Case, talk: Talk) -> str:
    return "solved" if case.solved_at and talk is case.talks[-1] and case.end == "solved" else "unsolved"


def _run(case: Case, ticket: Ticket, talk: Talk, version: ProcedureVersion) -> CallRun:
    return CallRun(
        call_id=talk.id,
        version=version,
        ticket=ticket,
        step="goodbye",
        answers={"greeted": True, "asked_user_id": True},
        opened_at=talk.answered_at - timedelta(seconds=3),
        closed_at=talk.free_at,
        closing=_closing(case, talk),
    )


def _problem(run: CallRun, ticket: Ticket, case: Case, talk: Talk) -> RunTicket:
    answers = {
        "story": case.problem.said,
        "repeated": True,
        "tried": case.problem.tried,
        "asked_others": True,
    }
    if run.closing == "solved":
        answers["done"] = case.problem.solution
    return RunTicket(
        run=run,
        ticket=ticket,
        answers=answers,
        closing=run.closing,
        opened_at=talk.answered_at,
        noted_at=talk.ended_at,
    )


def _times(run: CallRun, talk: Talk, house: House, rng: Random) -> list[StepTime]:
    weights = {step: share * rng.uniform(0.5, 1.6) for step, share in SHARES.items()}
    whole = (talk.ended_at - talk.answered_at).total_seconds() / sum(weights.values())
    at, found = talk.answered_at, []
    for step, weight in weights.items():
        until = at + timedelta(seconds=weight * whole)
        found.append(
            StepTime(run=run, step=step, user=house.users[talk.agent], started_at=at, ended_at=until)
        )
        at = until
    return found


def _gates(run: CallRun, ticket: Ticket, talk: Talk, house: House, rng: Random) -> list[GatePass]:
    by = house.users[talk.agent]
    early = talk.answered_at + timedelta(seconds=20)
    how = "solved" if run.closing == "solved" else "next_steps_told"
    closing = GatePass(run=run, gate="closing", ticket=ticket, how=how, by=by, at=talk.ended_at)
    if rng.random() > 0.8:
        return [closing]
    way = rng.choice(("user_id_and_birthday", "user_id_and_birthday", "callback"))
    return [GatePass(run=run, gate="identity", how=way, by=by, at=early), closing]


def record(plan: Plan, kept: list[tuple[Kept, int]], now: datetime) -> None:
    """A stored recording for every talk; the few sounds are shared by content."""
    talks = [talk for case in plan.cases for talk in case.talks]
    Recording.objects.bulk_create(
        _recording(talk, *kept[index % len(kept)], now) for index, talk in enumerate(talks)
    )


def _recording(talk: Talk, kept: Kept, duration_ms: int, now: datetime) -> Recording:
    return Recording(
        call_id=talk.id,
        name=f"demo-{talk.id}",
        state=RecordingState.STORED,
        sha256=kept.sha256,
        size=kept.size,
        duration_ms=duration_ms,
        started_at=talk.answered_at,
        stored_at=talk.ended_at + timedelta(seconds=1),
        keep_until=max(talk.ended_at, now) + timedelta(days=talk.contact.desk.recording_days),
    )
