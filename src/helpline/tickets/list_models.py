"""Saved views of the ticket list, the columns a person chose, and changes of many tickets at once."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpline.people.models import Desk, Team, User


class ViewScope(models.TextChoices):
    """Whose a view is."""

    PERSONAL = "personal", _("Only mine")
    TEAM = "team", _("Of a team")
    DESK = "desk", _("Of a desk")


class View(models.Model):
    """A filter of the ticket list with a name; exactly one of owner, team and desk says whose it is."""

    name = models.CharField(max_length=80)
    owner = models.ForeignKey(User, models.CASCADE, null=True, related_name="views")
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="views")
    desk = models.ForeignKey(Desk, models.CASCADE, null=True, related_name="views")
    #: core.conditions
    tree = models.JSONField(default=dict)
    #: keys of tickets.columns; empty: the usual ones
    columns = models.JSONField(default=list)
    #: a key of tickets.paging.SORTS; empty: the usual one
    sort = models.CharField(max_length=30, blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="view_of_one",
                condition=Q(owner__isnull=False, team=None, desk=None)
                | Q(owner=None, team__isnull=False, desk=None)
                | Q(owner=None, team=None, desk__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> ViewScope:
        if self.owner_id:
            return ViewScope.PERSONAL
        return ViewScope.TEAM if self.team_id else ViewScope.DESK

    @property
    def at_desk(self) -> int | None:
        """The desk whose tickets it lists; None for a personal one: those of all desks of the person."""
        return self.team.desk_id if self.team else self.desk_id


class ColumnChoice(models.Model):
    """The columns a person wants in a view, or in the list without one."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    view = models.ForeignKey(View, models.CASCADE, null=True, related_name="+")
    columns = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "view"], name="columns_per_view"),
            models.UniqueConstraint(fields=["user"], condition=Q(view=None), name="columns_without_view"),
        ]


class BulkState(models.TextChoices):
    PREVIEW = "preview", _("Preview")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


class BulkChange(models.Model):
    """The same change of several tickets: looked at first, carried out, and taken back if somebody wants so."""

    state = models.CharField(max_length=10, choices=BulkState.choices, default=BulkState.PREVIEW)
    #: field -> what it becomes, as tickets.bulk_fields keeps values
    fields = models.JSONField(default=dict)
    #: the name of the view the tickets came from
    source = models.CharField(max_length=80, blank=True)
    #: query string of the list to go back to
    back = models.CharField(max_length=1000, blank=True)
    made_at = models.DateTimeField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    #: the last sign of life of whoever carries it out
    moved_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["by", "-made_at"]),
            models.Index(fields=["state", "moved_at"]),
        ]


class BulkRowState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("bulk", "Waiting")
    CHANGED = "changed", pgettext_lazy("bulk", "Changed")
    SAME = "same", pgettext_lazy("bulk", "Was so already")
    REFUSED = "refused", pgettext_lazy("bulk", "Not changed")
    UNDONE = "undone", pgettext_lazy("bulk", "Put back")
    LEFT = "left", pgettext_lazy("bulk", "Left as it is")


class BulkRow(models.Model):
    """A ticket of a bulk change."""

    bulk = models.ForeignKey(BulkChange, models.CASCADE, related_name="rows")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="bulk_rows")
    state = models.CharField(max_length=10, choices=BulkRowState.choices, default=BulkRowState.WAITING)
    #: fields that really changed -> what they were; with a status also solved_at and closed_at
    before = models.JSONField(default=dict)
    #: why it was refused, or what was left at the undo
    why = models.CharField(max_length=200, blank=True)
    #: of LEFT: fields that were not put back
    left = models.JSONField(default=list)
    #: the change in the thread, and the one that took it back
    item = models.ForeignKey("tickets.Item", models.SET_NULL, null=True, related_name="+")
    undo_item = models.ForeignKey("tickets.Item", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk", "ticket"], name="once_in_a_bulk_change")]
        indexes = [models.Index(fields=["bulk", "state", "ticket"])]
