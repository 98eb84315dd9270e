"""The lines of a list of tickets as HTML. Made here and not by a template: a page has some 400 cells, and a template
asks for each of them a dozen questions whose answers are the same in every line."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from helpline.core import registry
from helpline.tickets.columns import Cell, Column
from helpline.tickets.models import Tag, Ticket


@dataclass(frozen=True, slots=True)
class Line:
    """`cells`: the `<td>` of all columns; `choose`: what the box is called that chooses the ticket."""

    number: int
    cells: SafeString
    choose: str


def lines(request: HttpRequest, tickets: Iterable[Ticket], shown: list[Column]) -> list[Line]:
    """One for each ticket, with its marks of other rooms, its tags, and what the chosen columns leave unsaid."""
    choose = _("Choose ticket %(number)s")
    keys = frozenset(column.key for column in shown)
    made = []
    for ticket in tickets:
        cells = mark_safe(
            "".join(_cell(request, ticket, column, keys) for column in shown)
        )  # each is escaped there
        made.append(Line(ticket.number, cells, choose % {"number": ticket.number}))
    return made


def _cell(request: HttpRequest, ticket: Ticket, column: Column, keys: frozenset[str]) -> SafeString:
    more: Cell = ""
    if column.key == "subject":
        more = format_html(
            " {}{}", _marks(request, ticket), _tags(ticket, with_category="category" not in keys)
        )
    elif column.key == "requester" and ticket.organisation and "organisation" not in keys:
        more = format_html('<div class="text-secondary small">{}</div>', ticket.organisation.name)
    inside = conditional_escape(column.show(ticket)) + conditional_escape(more)
    # four hundred of them on a page: the classes are words of ours, what is within is escaped
    return mark_safe(f'<td class="{column.css}">{inside}</td>' if column.css else f"<td>{inside}</td>")


def _marks(request: HttpRequest, ticket: Ticket) -> SafeString:
    """What rooms above say of the ticket."""
    said = (render(request, ticket) for render in registry.panels("ticket.row"))
    return format_html_join(
        "\n", "{}", ((mark_safe(mark),) for mark in said if mark)
    )  # made by that room's templates


def _tags(ticket: Ticket, *, with_category: bool) -> Cell:
    """Category, where no column shows it, and tags; in one line."""
    category = ticket.category if with_category else None
    tags = ticket.tags.all()
    if not (category or tags):
        return ""
    path = format_html('<span class="text-secondary small">{}</span>', category.path) if category else ""
    return format_html(
        '<div class="tags">{}{}</div>', path, format_html_join("", "{}", ((_tag(one),) for one in tags))
    )


def _tag(tag: Tag) -> SafeString:
    title = f"{tag.path}: {tag.description}" if tag.description else tag.path
    return format_html(
        '<a class="tag tag-{}" href="{}?tag={}" title="{}">{}</a>',
        tag.colour,
        reverse("tickets:list"),
        tag.pk,
        title,
        tag.name,
    )
