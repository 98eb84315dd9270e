"""The columns a list of tickets can have: what each is called, sorted by and shows of a row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpline.core.errors import Invalid
from helpline.tickets import paging
from helpline.tickets.models import Ticket
from helpline.web.addresses import numbered
from helpline.web.templatetags.desk import ago, pill

Cell = SafeString | str


@dataclass(frozen=True, slots=True)
class Column:
    """`sort`: the name in paging.SORTS without its sign, empty when there is none; `falls`: largest first at the first
    click; `css`: classes of the cell."""

    key: str
    label: str | Promise
    show: Callable[[Ticket], Cell]
    sort: str = ""
    falls: bool = False
    css: str = ""

    @property
    def first_sort(self) -> str:
        """What a click sorts by, unless it is sorted so already."""
        return f"-{self.sort}" if self.falls else self.sort

    @property
    def other_sort(self) -> str:
        return self.sort if self.falls else f"-{self.sort}"


def _page(ticket: Ticket) -> str:
    return numbered("tickets:ticket", ticket.number)


def _number(ticket: Ticket) -> Cell:
    return format_html('<a href="{}" tabindex="-1">{}</a>', _page(ticket), ticket.number)


def _subject(ticket: Ticket) -> Cell:
    """The link by which a row is walked to and opened."""
    return format_html('<a class="row-main" href="{}" data-row-link>{}</a>', _page(ticket), ticket.subject)


def _requester(ticket: Ticket) -> Cell:
    if ticket.requester is None:
        return ""
    address = numbered("customers:contact", ticket.requester.pk)
    return format_html('<a href="{}">{}</a>', address, ticket.requester.name)


def _assignee(ticket: Ticket) -> Cell:
    if ticket.assignee:
        return ticket.assignee.display_name
    return format_html('<span class="text-secondary">{}</span>', ticket.team.name) if ticket.team else ""


_CHANNELS = {"phone": _("Phone"), "mail": _("Mail"), "web": pgettext_lazy("channel", "Web")}

COLUMNS: dict[str, Column] = {
    column.key: column
    for column in (
        Column("number", _("Number"), _number, "number", falls=True),
        Column("subject", _("Subject"), _subject, "subject", css="cut wide"),
        Column("requester", _("Requester"), _requester, "requester", css="cut"),
        Column(
            "organisation",
            _("Organisation"),
            lambda one: one.organisation.name if one.organisation else "",
            "organisation",
            css="cut",
        ),
        Column(
            "category",
            _("Category"),
            lambda one: one.category.path if one.category else "",
            "category",
            css="cut",
        ),
        Column(
            "priority",
            _("Priority"),
            lambda one: pill(one.priority.key, one.priority.label),
            "priority",
            falls=True,
        ),
        Column("status", _("Status"), lambda one: pill(one.status, one.get_status_display())),
        Column("assignee", _("Assignee"), _assignee, "assignee", css="text-nowrap"),
        Column("team", _("Team"), lambda one: one.team.name if one.team else "", "team", css="text-nowrap"),
        Column("tier", _("Tier"), lambda one: str(one.tier), "tier"),
        Column("desk", _("Desk"), lambda one: one.desk.name, css="cut"),
        Column("channel", _("Channel"), lambda one: str(_CHANNELS.get(one.channel, one.channel))),
        Column("incident", _("Incident"), lambda one: one.incident.title if one.incident else "", css="cut"),
        Column("asset_tag", _("Asset"), lambda one: one.asset_tag, css="cut"),
        Column("location", _("Location"), lambda one: one.location, css="cut"),
        Column("created", _("Opened"), lambda one: ago(one.created_at), "created", falls=True, css="small"),
        Column("updated", _("Changed"), lambda one: ago(one.updated_at), "updated", falls=True, css="small"),
        Column(
            "solved",
            _("Solved"),
            lambda one: ago(one.solved_at) if one.solved_at else "",
            "solved",
            falls=True,
            css="small",
        ),
    )
}
USUAL = ("number", "subject", "requester", "priority", "status", "assignee", "updated")
#: a row without it could not be told from others, nor opened
ALWAYS = "subject"


def checked(keys: Iterable[str]) -> list[str]:
    """Known columns, each once, in the order of the list; the subject is always there. Raises Invalid for others."""
    given = set(keys)
    unknown = given - COLUMNS.keys()
    if unknown:
        raise Invalid(_("There is no column “%s”.") % sorted(unknown)[0][:40], code="column")
    return [key for key in COLUMNS if key in given or key == ALWAYS]


def shown(keys: Iterable[str]) -> list[Column]:
    """The columns of these keys, the usual ones when there is none; keys of former days are passed over."""
    found = [COLUMNS[key] for key in keys if key in COLUMNS]
    return found or [COLUMNS[key] for key in USUAL]


def checked_sort(sort: str) -> str:
    """A known order, or "" for the usual one. Raises Invalid."""
    if sort and sort not in paging.SORTS:
        raise Invalid(_("This list cannot be sorted like that."), code="sort")
    return sort
