"""Entry points, menus, queues, front-end messages; what was decided and why."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from helpline.core.ids import new_id
from helpline.people.models import Desk, Skill, User
from helpline.telephony.models import Call
from helpline.tickets.models import Category, Incident


class Queue(models.Model):
    """Callers who wait for the same kind of help."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="queues")
    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    ring_timeout_s = models.PositiveSmallIntegerField(default=15)
    wrap_up_s = models.PositiveSmallIntegerField(default=30)
    tip_interval_s = models.PositiveSmallIntegerField(default=20)
    announce_position = models.BooleanField(default=True)
    priority_credit_s = models.IntegerField(default=0)
    max_wait_s = models.PositiveIntegerField(null=True, blank=True)
    overflow_to = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    music = models.CharField(max_length=40, default="default")

    def __str__(self) -> str:
        return self.name


class QueueRequirement(models.Model):
    """A skill a queue asks for from `after_s` seconds of waiting on; later rows relax earlier ones."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="requirements")
    after_s = models.PositiveIntegerField(default=0)
    skill = models.ForeignKey(Skill, models.CASCADE, related_name="+")
    min_level = models.PositiveSmallIntegerField(default=1)


class Tip(models.Model):
    """An answer to a frequent question, told between the music."""

    queue = models.ForeignKey(Queue, models.CASCADE, related_name="tips")
    order = models.PositiveSmallIntegerField(default=0)
    #: language -> words
    text = models.JSONField(default=dict)
    on = models.BooleanField(default=True)
    played_count = models.PositiveIntegerField(default=0)
    #: callers who hung up while or within ten seconds after hearing it
    left_after_count = models.PositiveIntegerField(default=0)


class EntryPoint(models.Model):
    """A number, address or button by which callers come in."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="entry_points")
    number = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    language = models.CharField(max_length=10, default="en")
    #: language -> words; {desk} is filled in
    greeting = models.JSONField(default=dict)
    #: language -> words; empty: no menu, straight to `queue`
    menu_prompt = models.JSONField(default=dict)
    menu_timeout_s = models.PositiveSmallIntegerField(default=8)
    menu_retries = models.PositiveSmallIntegerField(default=2)
    #: where callers go who choose nothing
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="entry_points")

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class MenuChoice(models.Model):
    """What a key of the menu means."""

    entry_point = models.ForeignKey(EntryPoint, models.CASCADE, related_name="choices")
    key = models.CharField(max_length=1)
    label = models.CharField(max_length=80)
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="+")
    #: skill key -> level asked for beside the queue's own
    skills = models.JSONField(default=dict)
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="+")
    #: language to go on in; empty: unchanged
    language = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry_point", "key"], name="one_meaning_per_key")]


class FrontEndMessage(models.Model):
    """What callers hear first while it is on, for example in an outage."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="front_end_messages")
    #: None: every entry point of the desk
    entry_point = models.ForeignKey(EntryPoint, models.CASCADE, null=True, blank=True)
    incident = models.ForeignKey(Incident, models.SET_NULL, null=True, blank=True)
    #: language -> words
    text = models.JSONField(default=dict)
    on = models.BooleanField(default=False)
    switched_at = models.DateTimeField(null=True)
    switched_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    heard_count = models.PositiveIntegerField(default=0)
    #: hung up after hearing it: calls it saved
    served_count = models.PositiveIntegerField(default=0)
    joined_count = models.PositiveIntegerField(default=0)


class EntryOutcome(models.TextChoices):
    ANSWERED = "answered", _("Answered")
    ABANDONED = "abandoned", _("Hung up while waiting")
    FLOWED_OUT = "flowed_out", _("Went elsewhere")


class QueueEntry(models.Model):
    """One stay of a caller in a queue. Open while `left_at` is empty."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="queue_entries")
    queue = models.ForeignKey(Queue, models.CASCADE, related_name="entries")
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=EntryOutcome.choices, blank=True)
    answered_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="+")
    #: skill key -> level, asked for by the menu choice
    skills = models.JSONField(default=dict)
    menu_label = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(fields=["queue", "left_at", "entered_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["call"], condition=models.Q(left_at=None), name="waits_in_one_queue"
            )
        ]


class ReservationKind(models.TextChoices):
    OFFER = "offer", _("Call offered by a queue")
    CONSULT = "consult", _("Asked in by a colleague")
    TRANSFER = "transfer", _("Transferred by a colleague")
    OUTGOING = "outgoing", _("Own outgoing call")


class Reservation(models.Model):
    """An agent is kept for one call until a deadline; one open row per agent at the most."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="reservations")
    call = models.ForeignKey(Call, models.CASCADE, related_name="reservations")
    kind = models.CharField(max_length=10, choices=ReservationKind.choices)
    #: who asked (consult, transfer)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    #: one line for the colleague: what it is about
    summary = models.CharField(max_length=250, blank=True)
    leg_id = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField()
    deadline = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    #: answered | rejected | no_answer | busy | unregistered | failed | withdrawn | elsewhere
    outcome = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(closed_at=None), name="one_reservation_per_agent"
            )
        ]


class Decision(models.Model):
    """Why something was decided, in data: a code and its parameters, rendered by acd.why."""

    call = models.ForeignKey(Call, models.CASCADE, null=True, related_name="decisions")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    why = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["call", "at", "id"])]


class CommandState(models.TextChoices):
    PENDING = "pending", _("Pending")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")


class Command(models.Model):
    """Something a person asked of the phone; the acd process carries commands out one by one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    verb = models.CharField(max_length=30)
    call = models.ForeignKey(Call, models.CASCADE, null=True, related_name="commands")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=CommandState.choices, default=CommandState.PENDING)
    made_at = models.DateTimeField()
    #: not carried out after this moment
    expires_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=250, blank=True)
    result = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["state", "made_at"])]


class Disposition(models.Model):
    """How a call ended for the desk, chosen in wrap-up."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="dispositions")
    key = models.SlugField()
    label = models.CharField(max_length=60)


class WrapUp(models.Model):
    """An agent's work after the talk."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="wrap_ups")
    user = models.ForeignKey(User, models.CASCADE, related_name="wrap_ups")
    started_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    #: timer | agent | next_state
    ended_by = models.CharField(max_length=12, blank=True)
    disposition = models.ForeignKey(Disposition, models.SET_NULL, null=True, related_name="+")
