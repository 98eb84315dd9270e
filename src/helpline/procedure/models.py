"""Call-handling procedures, their versions, and the run of one in a call."""

from django.db import models

from helpline.acd.models import Queue
from helpline.people.models import Desk, User
from helpline.telephony.models import Call
from helpline.tickets.models import Ticket


class Procedure(models.Model):
    """How calls are handled at a desk; chosen by queue and language, the more exact wins."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="procedures")
    name = models.CharField(max_length=80)
    queue = models.ForeignKey(Queue, models.CASCADE, null=True, blank=True, related_name="procedures")
    language = models.CharField(max_length=10, blank=True)

    def __str__(self) -> str:
        return self.name


class ProcedureVersion(models.Model):
    """A published text of a procedure; never changed afterwards. Shape: procedure.document."""

    procedure = models.ForeignKey(Procedure, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["procedure", "number"], name="version_number_once")]


class CallRun(models.Model):
    """A procedure followed in one call."""

    call = models.OneToOneField(Call, models.CASCADE, related_name="procedure_run")
    version = models.ForeignKey(ProcedureVersion, models.PROTECT, related_name="runs")
    #: the ticket being worked on now; a call may have several
    ticket = models.ForeignKey(Ticket, models.SET_NULL, null=True, related_name="+")
    step = models.CharField(max_length=30)
    #: field key -> value, tick key -> true, of steps that are done once in a call
    answers = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    #: "" | solved | unsolved
    closing = models.CharField(max_length=10, blank=True)


class RunTicket(models.Model):
    """One problem of a call: a ticket worked on in the run, with the answers that belong to it (row C3)."""

    run = models.ForeignKey(CallRun, models.CASCADE, related_name="problems")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+")
    #: field key -> value, tick key -> true, of steps that are done for each ticket
    answers = models.JSONField(default=dict)
    #: "" | solved | unsolved
    closing = models.CharField(max_length=10, blank=True)
    opened_at = models.DateTimeField()
    #: the answers were written down as a note on the ticket
    noted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "ticket"], name="problem_once_per_run")]


class StepTime(models.Model):
    """A stay in a step, by whom."""

    run = models.ForeignKey(CallRun, models.CASCADE, related_name="step_times")
    step = models.CharField(max_length=30)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class GatePass(models.Model):
    """A gate was passed: who the caller is was proved, or one problem of the call was closed properly."""

    run = models.ForeignKey(CallRun, models.CASCADE, related_name="gate_passes")
    gate = models.CharField(max_length=20)
    #: the closing gate is passed for each ticket; None: for the whole call
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="+")
    #: how, for example callback | user_id_and_birthday | solved | next_steps_told
    how = models.CharField(max_length=40)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "gate"], condition=models.Q(ticket=None), name="gate_once_per_run"
            ),
            models.UniqueConstraint(
                fields=["run", "gate", "ticket"],
                condition=models.Q(ticket__isnull=False),
                name="gate_once_per_run_and_ticket",
            ),
        ]
