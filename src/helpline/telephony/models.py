"""Calls, legs, holds, recordings: what the switch told us, in rows."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from helpline.core.ids import new_id
from helpline.people.models import Desk, User


class Direction(models.TextChoices):
    IN = "in", _("Incoming")
    OUT = "out", _("Outgoing")


class CallState(models.TextChoices):
    """Where a call is. Follows what the switch says."""

    FLOW = "flow", _("In the menu")
    QUEUED = "queued", _("Waiting")
    OFFERED = "offered", _("Ringing at an agent")
    TALKING = "talking", _("Talking")
    HELD = "held", _("On hold")
    ENDED = "ended", _("Ended")


class Call(models.Model):
    """One telephone call from its first leg to its last."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    desk = models.ForeignKey(Desk, models.SET_NULL, null=True, related_name="calls")
    direction = models.CharField(max_length=3, choices=Direction.choices, default=Direction.IN)
    state = models.CharField(max_length=10, choices=CallState.choices, default=CallState.FLOW)
    #: as the switch gave it, and in E.164 when it reads as one
    from_number = models.CharField(max_length=60, blank=True)
    from_name = models.CharField(max_length=120, blank=True)
    to_number = models.CharField(max_length=60, blank=True)
    #: name of the trunk it came in or went out by; empty for calls within the house
    trunk = models.CharField(max_length=40, blank=True)
    #: name of the switch node it is on; empty: the first
    node = models.CharField(max_length=80, blank=True)
    language = models.CharField(max_length=10, default="en")
    contact = models.ForeignKey("customers.Contact", models.SET_NULL, null=True, related_name="calls")
    #: how the contact was found: number, user_id, name, agent; empty when unknown
    contact_by = models.CharField(max_length=20, blank=True)
    #: who has the call now, or had it last
    agent = models.ForeignKey(User, models.SET_NULL, null=True, related_name="calls")
    #: queue key, kept here so that a call tells its story alone
    queue_key = models.CharField(max_length=50, blank=True)
    started_at = models.DateTimeField()
    #: an agent and the caller were bridged first
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: caller | agent | desk | lost
    ended_by = models.CharField(max_length=10, blank=True)
    #: answered | abandoned | served | voicemail | flowed_out | refused | failed
    outcome = models.CharField(max_length=20, blank=True)
    wait_s = models.DecimalField(max_digits=10, decimal_places=3, null=True)
    talk_s = models.DecimalField(max_digits=10, decimal_places=3, null=True)
    hold_s = models.DecimalField(max_digits=10, decimal_places=3, null=True)
    wrapup_s = models.DecimalField(max_digits=10, decimal_places=3, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["desk", "-started_at"]),
            models.Index(fields=["state", "-started_at"]),
            models.Index(fields=["contact", "-started_at"]),
            models.Index(fields=["from_number", "-started_at"]),
            # the list of calls of all one's desks goes back in time
            models.Index(fields=["-started_at", "-id"]),
            models.Index(fields=["agent", "-started_at"]),
        ]


class LegRole(models.TextChoices):
    CALLER = "caller", _("Caller")
    AGENT = "agent", _("Agent")
    CONSULT = "consult", _("Consulted colleague")
    OUTSIDE = "outside", _("Outside party")


class LegState(models.TextChoices):
    DIALLING = "dialling", _("Dialling")
    RINGING = "ringing", _("Ringing")
    UP = "up", _("Connected")
    ENDED = "ended", _("Ended")


class Leg(models.Model):
    """One channel of the switch. Its id is the channel's id."""

    id = models.CharField(max_length=80, primary_key=True)
    call = models.ForeignKey(Call, models.CASCADE, related_name="legs")
    role = models.CharField(max_length=10, choices=LegRole.choices)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="legs")
    endpoint = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=10, choices=LegState.choices, default=LegState.DIALLING)
    on_hold = models.BooleanField(default=False)
    muted = models.BooleanField(default=False)
    #: bridge the switch says it is in; empty when none
    bridge_id = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()
    ringing_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: Q.850 cause and its words
    cause = models.PositiveSmallIntegerField(null=True)
    cause_text = models.CharField(max_length=80, blank=True)
    #: how it sounded, known at its end: see `telephony.sound`
    sound = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["user", "state"])]


class Hold(models.Model):
    """The caller hears music because an agent put them aside."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="holds")
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    #: hold | consult | lost (agent's browser went away)
    kind = models.CharField(max_length=10, default="hold")
    asked = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class CallEvent(models.Model):
    """One line of a call's story: what the switch reported or a person did."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    leg_id = models.CharField(max_length=80, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["call", "at", "id"])]


class RecordingState(models.TextChoices):
    LIVE = "live", _("Recording")
    STORED = "stored", _("Stored")
    FAILED = "failed", _("Failed")
    ERASED = "erased", _("Erased")


class Recording(models.Model):
    """Sound of a call: stereo, caller left and desk right, stored under its SHA-256."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, models.CASCADE, related_name="recordings")
    #: name in the switch
    name = models.CharField(max_length=120, unique=True)
    #: switch node that made it; empty: the first
    node = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=10, choices=RecordingState.choices, default=RecordingState.LIVE)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    #: [[start_ms, end_ms], ...] from the start of the recording
    pauses = models.JSONField(default=list)
    #: seconds of talk of either side, of both at once, of silence; left is the caller. Empty when the switch does not say
    talk = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    stored_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    #: erased by the retention job after this moment (UTC)
    keep_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "started_at"])]


class RecordingAccess(models.Model):
    """Who listened to or took a recording, and when."""

    recording = models.ForeignKey(Recording, models.CASCADE, related_name="accesses")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    how = models.CharField(max_length=20)


class TrunkTransport(models.TextChoices):
    """How a provider is spoken to."""

    AUTO = "auto", _("As the provider's DNS says")
    UDP = "udp", _("UDP")
    TCP = "tcp", _("TCP")
    TLS = "tls", _("TLS, encrypted")


class TrunkState(models.TextChoices):
    """How a trunk is, as the switch last said."""

    UNKNOWN = "unknown", _("Not known yet")
    REGISTERING = "registering", _("Registering")
    REGISTERED = "registered", _("Registered")
    REACHABLE = "reachable", _("Reachable")
    REFUSED = "refused", _("Refused")
    UNREACHABLE = "unreachable", _("Unreachable")


class Trunk(models.Model):
    """A line to a telephone provider: calls come in and go out by it."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="trunks")
    #: in the switch it is called `trunk-NAME`
    name = models.SlugField(max_length=40, unique=True)
    #: servers by name or address, tried in order
    hosts = models.JSONField(default=list)
    #: None: the port the provider's DNS names, else the usual one
    port = models.PositiveIntegerField(null=True, blank=True)
    transport = models.CharField(max_length=4, choices=TrunkTransport.choices, default=TrunkTransport.AUTO)
    username = models.CharField(max_length=80, blank=True)
    #: sealed with the key of this installation (`core.sealed`); never shown, never logged
    password_sealed = models.TextField(blank=True)
    register = models.BooleanField(default=True)
    #: addresses and networks its calls come from, besides its servers
    sources = models.JSONField(default=list)
    #: it vouches for its callers, and is told who we are (P-Asserted-Identity, RFC 3325)
    trusted = models.BooleanField(default=False)
    #: numbers it serves, E.164; one of them is shown when we call out
    numbers = models.JSONField(default=list)
    #: desk id (as text) -> number shown when that desk calls out
    shown_numbers = models.JSONField(default=dict)
    #: other desks call out by it too
    shared = models.BooleanField(default=True)
    #: lower is tried first
    rank = models.PositiveSmallIntegerField(default=10)
    enabled = models.BooleanField(default=True)
    state = models.CharField(max_length=12, choices=TrunkState.choices, default=TrunkState.UNKNOWN)
    state_reason = models.CharField(max_length=200, blank=True)
    #: SIP status behind the state; 0 for none
    state_code = models.PositiveSmallIntegerField(default=0)
    #: the server that answered
    server = models.CharField(max_length=120, blank=True)
    state_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["rank", "name"]

    def __str__(self) -> str:
        return self.name


class GuesserBan(models.Model):
    """The switch stopped hearing an address that guessed passwords. Kept for a while only (`telephony.guessers`)."""

    address = models.CharField(max_length=60)
    #: when the ban began
    since = models.DateTimeField(db_index=True)
    until = models.DateTimeField()
    #: the last account it guessed at
    tried = models.CharField(max_length=80, blank=True)
    #: bans in a row
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["address", "since"], name="one_row_per_ban")]

    def __str__(self) -> str:
        return self.address


class SwitchSeen(models.Model):
    """When somebody last looked at the page of the switch: bans until then are no news to them."""

    user = models.OneToOneField(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id}"
