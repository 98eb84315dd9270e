"""Tickets, items of their thread, categories, priorities, statuses, incidents, promises."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpline.customers.models import Contact, Organisation
from helpline.people.models import Desk, Team, User
from helpline.tickets.list_models import (
    BulkChange,
    BulkRow,
    BulkRowState,
    BulkState,
    ColumnChoice,
    View,
    ViewScope,
)

__all__ = [
    "LIVE_KINDS",
    "BulkChange",
    "BulkRow",
    "BulkRowState",
    "BulkState",
    "Category",
    "ColumnChoice",
    "Incident",
    "IncidentJoin",
    "IncidentState",
    "Item",
    "ItemKind",
    "LinkKind",
    "Mention",
    "Move",
    "MoveKind",
    "Priority",
    "Promise",
    "SearchPart",
    "SearchText",
    "SearchWord",
    "StatusKind",
    "Tag",
    "Task",
    "Ticket",
    "TicketCounter",
    "TicketLink",
    "View",
    "ViewScope",
]


class Category(models.Model):
    """What a ticket is about; a tree, shown as a path."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="categories")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    name = models.CharField(max_length=80)
    #: "Network > VPN", kept by tickets.actions
    path = models.CharField(max_length=200, db_index=True)
    #: who takes it when level 1 cannot solve it
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return self.path


class Priority(models.Model):
    """A priority label by the company's own criteria; a higher rank is more urgent."""

    key = models.SlugField(unique=True)
    label = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField()
    meaning = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.label


class StatusKind(models.TextChoices):
    """What a status means to the clock and the lists."""

    NEW = "new", _("New")
    OPEN = "open", _("Open")
    WAITING_CUSTOMER = "waiting_customer", _("Waiting for customer")
    WAITING_THIRD = "waiting_third", _("Waiting for third party")
    SOLVED = "solved", _("Solved")
    CLOSED = "closed", _("Closed")


class Impact(models.TextChoices):
    """How many are hit."""

    PERSON = "person", _("One person")
    SEVERAL = "several", _("Several people")
    SITE = "site", _("A whole site")
    EVERYBODY = "everybody", _("Everybody")


class Urgency(models.TextChoices):
    """What it does to the work of those who are hit."""

    WAIT = "wait", _("Can wait")
    HINDERS = "hinders", _("Hinders the work")
    STOPS = "stops", _("Stops the work")


class MatrixCell(models.Model):
    """The priority that follows from an impact and an urgency; one for each pair that says something."""

    impact = models.CharField(max_length=10, choices=Impact.choices)
    urgency = models.CharField(max_length=10, choices=Urgency.choices)
    priority = models.ForeignKey(Priority, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["impact", "urgency"], name="one_priority_per_cell")]


class Status(models.Model):
    """A status by the company's own words, or where one of the usual ones stands in the choice.

    `Ticket.status` holds the kind and nothing else: lists, clocks, indexes and rules ask for it as they always did.
    The company's own word stands beside it in `Ticket.own_status`; none there means the usual word of the kind, in the
    language of who reads it. So a renamed or retired status breaks no list, and whoever sets only a kind is right too.

    A row whose key is a kind says only where the usual status stands and whether it is offered; its label is empty.
    Usual ones without a row are offered in the order of the kinds.
    """

    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=20, choices=StatusKind.choices)
    order = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.label or str(StatusKind(self.kind).label)


#: Kinds of tickets that still need somebody.
LIVE_KINDS = (
    StatusKind.NEW,
    StatusKind.OPEN,
    StatusKind.WAITING_CUSTOMER,
    StatusKind.WAITING_THIRD,
)


class Colour(models.TextChoices):
    """The colours of tags: names, because a page has others by night."""

    GREY = "grey", _("Grey")
    RED = "red", _("Red")
    ORANGE = "orange", _("Orange")
    YELLOW = "yellow", _("Yellow")
    GREEN = "green", _("Green")
    TEAL = "teal", _("Teal")
    BLUE = "blue", _("Blue")
    PURPLE = "purple", _("Purple")
    PINK = "pink", _("Pink")


class Tag(models.Model):
    """A word for sorting, rules and statistics; a tree, shown as a path."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="tags")
    # a tag that goes must not take those below it along
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    name = models.CharField(max_length=50)
    #: "Device > Printer", kept by tickets.tag_actions
    path = models.CharField(max_length=200, db_index=True)
    colour = models.CharField(max_length=10, choices=Colour.choices, default=Colour.GREY)
    #: when to use it
    description = models.CharField(max_length=200, blank=True)
    #: since when it is not offered any more; tickets that have it keep it
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "path"], name="one_tag_per_path")]

    def __str__(self) -> str:
        return self.path


class IncidentState(models.TextChoices):
    OPEN = "open", _("Open")
    FIXED = "fixed", _("Fixed")


class Incident(models.Model):
    """Something that hits several people at once."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="incidents")
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=IncidentState.choices, default=IncidentState.OPEN)
    workaround = models.TextField(blank=True)
    declared_at = models.DateTimeField()
    declared_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    fixed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.title


class IncidentJoin(models.Model):
    """A caller who asked to be told when the incident is fixed, or a ticket linked to it."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="joins")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="+")
    number = models.CharField(max_length=40, blank=True)
    call_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)


class TicketCounter(models.Model):
    """The last ticket number given out; one row."""

    #: the number of the first ticket
    FIRST = 1001

    name = models.CharField(max_length=20, primary_key=True)
    last = models.PositiveBigIntegerField(default=1000)


class Ticket(models.Model):
    """A problem or wish of a requester, with all that happened to it."""

    number = models.PositiveBigIntegerField(unique=True)
    desk = models.ForeignKey(Desk, models.CASCADE, related_name="tickets", db_index=False)
    subject = models.CharField(max_length=250)
    requester = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="tickets", db_index=False)
    organisation = models.ForeignKey(Organisation, models.SET_NULL, null=True, related_name="tickets")
    category = models.ForeignKey(Category, models.SET_NULL, null=True, related_name="tickets", db_index=False)
    priority = models.ForeignKey(Priority, models.PROTECT, related_name="tickets", db_index=False)
    #: the kind; the company's own word for it is beside it
    status = models.CharField(max_length=20, choices=StatusKind.choices, default=StatusKind.NEW)
    own_status = models.ForeignKey(Status, models.PROTECT, null=True, related_name="tickets")
    #: what the priority follows from, when somebody said so
    impact = models.CharField(max_length=10, choices=Impact.choices, blank=True)
    urgency = models.CharField(max_length=10, choices=Urgency.choices, blank=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="tickets", db_index=False)
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, related_name="tickets", db_index=False)
    tier = models.PositiveSmallIntegerField(default=1)
    incident = models.ForeignKey(Incident, models.SET_NULL, null=True, related_name="tickets")
    #: where it began: phone, mail, web
    channel = models.CharField(max_length=10, default="phone")
    #: where the faulty equipment is, and which (row C1)
    asset_tag = models.CharField(max_length=40, blank=True)
    location = models.CharField(max_length=150, blank=True)
    tags = models.ManyToManyField(Tag, related_name="tickets", blank=True)
    #: the ticket this one became part of; whoever is led to this one goes there
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, related_name="merged")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    first_response_at = models.DateTimeField(null=True)
    solved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        # These begin with every reference that has no index of its own.
        indexes = [
            # lists and counts of live tickets are read from here alone, without the tickets
            models.Index(
                fields=["desk", "status", "-updated_at", "-id", "assignee", "team", "category", "priority"],
                name="tickets_by_status",
            ),
            models.Index(
                fields=["assignee", "status", "-updated_at", "-id", "desk"], name="tickets_of_assignee"
            ),
            models.Index(fields=["team", "status", "-updated_at", "-id"], name="tickets_of_team"),
            models.Index(fields=["requester", "-created_at"]),
            # without it SQLite takes the one of desk and status, and reads all that is live
            models.Index(fields=["requester", "desk", "status"], name="tickets_of_requester"),
            models.Index(fields=["category", "-updated_at", "-id"], name="tickets_of_category"),
            # a list by priority takes the first of each
            models.Index(fields=["priority", "updated_at", "id"]),
            # lists of all that ever was go back in time: at one's desks (SQLite), at all (PostgreSQL)
            models.Index(fields=["desk", "-updated_at", "-id"], name="tickets_moved_last"),
            models.Index(fields=["-updated_at", "-id"]),
            models.Index(fields=["desk", "-number"], name="tickets_by_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    def get_status_display(self) -> str:  # type: ignore[no-redef]  # Django lets a model say it itself
        """The word for the status: the company's own, else the usual one of the kind, in the language that is on.

        An own one counts while the kind is its kind.
        """
        own = self.own_status
        return str(own) if own and own.kind == self.status else str(StatusKind(self.status).label)


class ItemKind(models.TextChoices):
    CALL = "call", pgettext_lazy("item", "Call")
    NOTE = "note", _("Note")
    CHANGE = "change", pgettext_lazy("item", "Change")
    MAIL = "mail", _("Mail")
    PROMISE = "promise", _("Promise")


class Item(models.Model):
    """One thing in the thread of a ticket."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="items")
    kind = models.CharField(max_length=10, choices=ItemKind.choices)
    at = models.DateTimeField()
    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="+")
    body = models.TextField(blank=True)
    #: of kind call: the call shown here (telephony.Call has this id)
    call_id = models.UUIDField(null=True, db_index=True)
    #: of kind change: {field: [before, after]}; of kind promise: see Promise
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["ticket", "at", "id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "call_id"],
                condition=models.Q(kind="call"),
                name="one_item_per_call_and_ticket",
            )
        ]


class Mention(models.Model):
    """A note names a person, or a team they are in."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="mentions")
    user = models.ForeignKey(User, models.CASCADE, related_name="mentions")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "seen_at", "-at"])]


class Promise(models.Model):
    """What we told the caller will happen, and until when (UTC)."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="promises")
    call_id = models.UUIDField(null=True)
    what = models.CharField(max_length=250)
    due_at = models.DateTimeField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    kept_at = models.DateTimeField(null=True)


class Looking(models.Model):
    """A page of a person that shows the ticket; gone when it was not seen for a while."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    #: of one open page in one tab
    page = models.UUIDField()
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "ticket"], name="looked_at_once_by_a_page")]


class MoveKind(models.TextChoices):
    MERGE = "merge", pgettext_lazy("move", "Merged")
    SPLIT = "split", pgettext_lazy("move", "Split")


class Move(models.Model):
    """Items that were taken from one ticket to another, so that they can be taken back."""

    kind = models.CharField(max_length=10, choices=MoveKind.choices)
    source = models.ForeignKey(Ticket, models.CASCADE, related_name="moves_out")
    target = models.ForeignKey(Ticket, models.CASCADE, related_name="moves_in")
    #: ids of what moved
    items = models.JSONField(default=list)
    promises = models.JSONField(default=list)
    #: of a merge: {status, solved_at, closed_at} of the source before
    was = models.JSONField(default=dict)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)


class LinkKind(models.TextChoices):
    RELATED = "related", pgettext_lazy("link", "Related")
    CHILD = "child", pgettext_lazy("link", "Part of it")


class TicketLink(models.Model):
    """Two tickets that have to do with each other; of kind child, `other` is a part of `ticket`."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="links")
    other = models.ForeignKey(Ticket, models.CASCADE, related_name="linked_by")
    kind = models.CharField(max_length=10, choices=LinkKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "other"], name="linked_once")]


class Task(models.Model):
    """Something to do for a ticket."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="tasks")
    text = models.CharField(max_length=250)
    due_at = models.DateTimeField(null=True)
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, related_name="tasks")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    #: when the assignee was told that it is due
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["assignee", "due_at"], name="open_tasks", condition=models.Q(done_at=None)),
            models.Index(
                fields=["due_at"],
                name="tasks_to_remind",
                condition=models.Q(done_at=None, reminded_at=None),
            ),
        ]


class SearchText(models.Model):
    """The terms a ticket is found by (tickets.search), sorted, with spaces between.

    On SQLite triggers carry it to the table tickets_searchfts: a migration that makes this table anew makes them anew.
    On PostgreSQL the table has a column more, `vector`, which follows by itself.
    """

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="+")
    terms = models.TextField()


class SearchWord(models.Model):
    """A word that occurs in some ticket; `name`: as part of somebody's name, id, address or number."""

    word = models.CharField(max_length=40, primary_key=True)
    name = models.BooleanField(default=False)


class SearchPart(models.Model):
    """The end of a word, by which its middle is found; or, after a tilde, a name with a letter left out."""

    part = models.CharField(max_length=41, db_index=True)
    word = models.CharField(max_length=40)
