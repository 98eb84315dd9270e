"""Desks, users, teams, skills, presence, phone accounts."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Role
from helpline.people.notice_models import Notification, NotificationChoice

__all__ = [
    "AgentSkill",
    "ApiToken",
    "BusyReason",
    "Desk",
    "Notification",
    "NotificationChoice",
    "PhoneAccount",
    "Presence",
    "PresenceSpan",
    "PresenceState",
    "RoleGrant",
    "SetupLink",
    "Skill",
    "Team",
    "User",
]


class Desk(models.Model):
    """A company or service we answer for."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=10, default="en")
    timezone = models.CharField(max_length=60, default="Europe/Amsterdam")
    #: country for reading local phone numbers, ISO 3166-1 alpha-2
    country = models.CharField(max_length=2, default="NL")
    recording_days = models.PositiveIntegerField(default=90)

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person who works with Helpline; customers are contacts, not users."""

    language = models.CharField(max_length=10, default="en")
    #: seconds; None takes the queue's
    wrap_up_s = models.PositiveIntegerField(null=True, blank=True)
    #: zone of the first desk the person works at; no column, filled by people.access.actor_for
    desk_timezone = "UTC"

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username


class RoleGrant(models.Model):
    """A role a user holds at a desk."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    desk = models.ForeignKey(Desk, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=[(r.value, r.value) for r in Role])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "desk", "role"], name="one_grant")]


class Team(models.Model):
    """People who share work at a desk; tier 1 answers first."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="teams")
    key = models.SlugField()
    name = models.CharField(max_length=80)
    tier = models.PositiveSmallIntegerField(default=1)
    members = models.ManyToManyField(User, related_name="teams", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "key"], name="team_key_per_desk")]

    def __str__(self) -> str:
        return self.name


class Skill(models.Model):
    """Something an agent is able to do, for example a language or a product."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name


class AgentSkill(models.Model):
    """How well an agent masters a skill: level 1 (knows a little) to 100 (teaches it)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="skills")
    skill = models.ForeignKey(Skill, models.CASCADE, related_name="agents")
    level = models.PositiveSmallIntegerField(default=50)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "skill"], name="one_level_per_skill")]


class PresenceState(models.TextChoices):
    """The one table of agent states; allowed moves are in people.presence."""

    OFFLINE = "offline", _("Offline")
    AVAILABLE = "available", _("Available")
    RESERVED = "reserved", _("Reserved")
    RINGING = "ringing", _("Ringing")
    TALKING = "talking", _("Talking")
    HOLDING = "holding", _("Caller on hold")
    WRAP_UP = "wrap_up", _("Wrap-up")
    BUSY = "busy", _("Busy")
    LOST = "lost", _("Phone lost")

    @property
    def shown(self) -> str:
        """The state in words for people, to whom the moment before the phone rings is ringing already."""
        return str(PresenceState.RINGING.label if self is PresenceState.RESERVED else self.label)


class Presence(models.Model):
    """An agent's state now."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="presence")
    state = models.CharField(max_length=12, choices=PresenceState.choices, default=PresenceState.OFFLINE)
    #: busy reason key, or why the state was forced
    reason = models.CharField(max_length=40, blank=True)
    since = models.DateTimeField()
    #: when the state ends by itself (reservation, wrap-up); UTC
    until = models.DateTimeField(null=True)
    call_id = models.UUIDField(null=True)
    #: what the agent asked for while on a call, taken afterwards: "" | busy:<reason> | offline
    next_state = models.CharField(max_length=50, blank=True)
    #: the browser tab that holds the audio said so: registered, microphone and heartbeat
    phone_ready_at = models.DateTimeField(null=True)


class PresenceSpan(models.Model):
    """A finished or running stay in one state, for occupancy and adherence."""

    user = models.ForeignKey(User, models.CASCADE, related_name="presence_spans")
    state = models.CharField(max_length=12, choices=PresenceState.choices)
    reason = models.CharField(max_length=40, blank=True)
    call_id = models.UUIDField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "started_at"])]


class BusyReason(models.Model):
    """A reason an agent may give for being busy."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="busy_reasons")
    key = models.SlugField()
    label = models.CharField(max_length=60)


class PhoneAccount(models.Model):
    """A user's SIP account; only the digest hash is kept (RFC 7616 section 3.4.2)."""

    user = models.OneToOneField(User, models.CASCADE, related_name="phone_account")
    username = models.CharField(max_length=60, unique=True)
    realm = models.CharField(max_length=60, default="helpline")
    ha1_md5 = models.CharField(max_length=32)
    #: empty for a password that was set before this was kept
    ha1_sha256 = models.CharField(max_length=64, default="", blank=True)
    changed_at = models.DateTimeField()


class ApiToken(models.Model):
    """A bearer token for the API; only its SHA-256 is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class SetupLink(models.Model):
    """A one-time link that makes the first administrator; only its SHA-256 is kept."""

    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
