"""What a caller answered in the guided call: given out, and erased but for the ticks."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from helpline.core import audit, registry
from helpline.core.personal import Asked, Held, Part, Person, PersonalData, columns
from helpline.procedure import notes
from helpline.procedure.models import CallRun, GatePass, RunTicket
from helpline.procedure.parsing import parse
from helpline.telephony.personal import call_ids_of
from helpline.tickets.personal import erase_notes, tickets_of


def _runs(person: Person) -> QuerySet[CallRun]:
    return CallRun.objects.filter(call__in=call_ids_of(person)).select_related("version")


def _problems(person: Person) -> QuerySet[RunTicket]:
    mine = Q(run__call__in=call_ids_of(person)) | Q(ticket__in=tickets_of(person))
    return RunTicket.objects.filter(mine).select_related("run__version", "ticket")


def held(person: Person) -> Held:
    """Lines for the page that asks whether to erase."""
    return Held(
        (_("The answers they gave in the procedure, also where they were written down as a note"),),
        (_("Which steps of the procedure were done and which gates were passed"),),
    )


def give(asked: Asked) -> Part:
    """Answers of each call, of each problem in it, and the gates that were passed."""
    return Part({"procedure": [_run(run) for run in _runs(asked.person).order_by("opened_at")]})


def _run(run: CallRun) -> dict[str, Any]:
    return {
        **columns(run, "call_id", "opened_at", "closed_at", "closing", "answers"),
        "problems": [
            {"ticket": one.ticket.number, **columns(one, "answers", "closing")}
            for one in run.problems.select_related("ticket")
        ],
        "gates": [columns(one, "gate", "how", "at", "data") for one in run.gate_passes.all()],
    }


def forget(asked: Asked) -> None:
    """Answers in words go, ticks stay; the notes made of the answers go too."""
    person = asked.person
    for problem in _problems(person):
        erase_notes(problem.ticket, notes.headings(parse(problem.run.version.document)))
        RunTicket.objects.filter(pk=problem.pk).update(answers=_ticks(problem.answers))
    for run in _runs(person):
        CallRun.objects.filter(pk=run.pk).update(answers=_ticks(run.answers))
    passes = GatePass.objects.filter(Q(run__in=_runs(person)) | Q(ticket__in=tickets_of(person)))
    passes.update(data={})
    audit.redact("call", call_ids_of(person), person.near)


def _ticks(answers: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answers.items() if isinstance(value, bool)}


def register() -> None:
    """Called once when the program starts."""
    registry.personal.register("procedure", PersonalData(held, give, forget), order=10)
