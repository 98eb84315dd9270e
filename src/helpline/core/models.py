"""Rows every room leans on: outbox, cursors, audit, heartbeats, leases."""

from django.db import models


class OutboxEvent(models.Model):
    """Something that happened, written in the transaction that made it happen.

    Readers see events in the order of `id` and no event ever appears behind a cursor
    (see core.outbox on how PostgreSQL is kept to that).
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    desk_id = models.BigIntegerField(null=True)
    #: live topics, for example ["call:3f..", "agent:7", "queue:vpn"]
    topics = models.JSONField(default=list)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["kind", "id"])]

    def __str__(self) -> str:
        return f"{self.id} {self.kind}"


class Cursor(models.Model):
    """How far a named reader of the outbox has come."""

    name = models.CharField(max_length=60, primary_key=True)
    position = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField()


class AuditRow(models.Model):
    """Who did what to which object, kept for the history of a thing and for oversight."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150)
    verb = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    desk_id = models.BigIntegerField(null=True)
    #: field -> [before, after], or facts of the act
    changes = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id", "id"])]


class Heartbeat(models.Model):
    """A process says it lives."""

    process = models.CharField(max_length=30, primary_key=True)
    at = models.DateTimeField()
    pid = models.IntegerField()
    detail = models.JSONField(default=dict)


class Lease(models.Model):
    """One holder at a time for a named duty, until `until` (UTC) unless renewed."""

    name = models.CharField(max_length=60, primary_key=True)
    holder = models.CharField(max_length=80)
    until = models.DateTimeField()
