"""Readers of the tree of tags."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from helpline.core.errors import Invalid
from helpline.people.models import Desk
from helpline.tickets.models import LIVE_KINDS, Tag, Ticket

_BELOW = " > "


def path_of(above: str, name: str) -> str:
    """The path of a tag with this name below another; with an empty name what the paths below begin with."""
    return f"{above}{_BELOW}{name}"


def below(tag: Tag, path: str = "") -> QuerySet[Tag]:
    """The tag and all below it; `path`: where it stands in the table when that is not `tag.path`."""
    start = path_of(path or tag.path, "")
    return Tag.objects.filter(Q(pk=tag.pk) | Q(path__startswith=start), desk=tag.desk_id)


def offered(desk_id: int) -> QuerySet[Tag]:
    """The tags a ticket of the desk may be given, in the order of the tree."""
    return Tag.objects.filter(desk=desk_id, archived_at=None).order_by("path")


def tags_of(ticket: Ticket) -> QuerySet[Tag]:
    """The ticket's tags, in the order of the tree."""
    return Tag.objects.filter(tickets=ticket).order_by("path")


def tagged(tag_id: int) -> Q:
    """Tickets that have this tag or one below it."""
    tag = Tag.objects.filter(pk=tag_id).first()
    if tag is None:
        return Q(pk__in=[])
    return Q(pk__in=Ticket.tags.through.objects.filter(tag__in=below(tag)).values("ticket"))


def named(desk_id: int, word: str) -> Tag:
    """The tag of the desk meant by a path, or by a name that only one has. Raises Invalid when none or several fit."""
    text = _BELOW.join(part.strip() for part in word.split(">"))
    found = list(offered(desk_id).filter(path__iexact=text)[:1])
    found = found or list(offered(desk_id).filter(name__iexact=text)[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise Invalid(
            _("Several tags are called “%s”.") % text,
            code="tag",
            help=_("Choose one with its place from the list."),
        )
    raise Invalid(
        _("There is no tag “%s”.") % text,
        code="tag",
        help=_("Choose one from the list. A desk administrator makes new ones."),
    )


@dataclass(frozen=True, slots=True)
class Branch:
    """A tag of the tree with its depth (0: at the top) and how many tickets have it: all, and live ones."""

    tag: Tag
    depth: int
    tickets: int
    live: int


def tree(desk: Desk) -> list[Branch]:
    """All tags of the desk, archived ones as well, in the order of the tree."""
    rows = Tag.objects.filter(desk=desk).annotate(
        many=Count("tickets"), live=Count("tickets", filter=Q(tickets__status__in=LIVE_KINDS))
    )
    ordered = sorted(rows, key=lambda one: one.path.casefold().split(_BELOW))
    return [Branch(one, one.path.count(_BELOW), one.many, one.live) for one in ordered]


def by_ids(desk_id: int, ids: Iterable[str]) -> list[Tag]:
    """Tags of the desk with these ids; what is no id or of another desk is left out."""
    return list(Tag.objects.filter(desk=desk_id, pk__in=[one for one in ids if one.isdigit()]))
