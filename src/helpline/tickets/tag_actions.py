"""The tree of a desk's tags, and which tickets have them. Whatever becomes of a tag, no ticket loses what it says."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, outbox
from helpline.core.access import Actor, Role, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.people.models import Desk
from helpline.tickets import events
from helpline.tickets.access import require_work
from helpline.tickets.models import Colour, Item, ItemKind, Tag, Ticket
from helpline.tickets.search import index, rebuilding
from helpline.tickets.tags import below, path_of

_LONGEST_PATH = 200
_Tagging = Ticket.tags.through


@transaction.atomic
def create_tag(
    actor: Actor,
    desk: Desk,
    name: str,
    *,
    parent: Tag | None = None,
    colour: str = Colour.GREY,
    description: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Tag:
    """Make a tag, below `parent` when given. Raises Invalid for a name or place that cannot be."""
    require(actor, desk.pk, Role.DESK_ADMIN)
    tag = Tag(
        desk=desk,
        name=_name(name),
        parent=parent,
        colour=_colour(colour),
        description=description.strip()[:200],
    )
    tag.path = _free_path(tag)
    tag.save()
    _audit(actor, tag, "create", {"path": tag.path, "colour": tag.colour}, clock)
    return tag


@transaction.atomic
def edit_tag(
    actor: Actor,
    tag: Tag,
    *,
    name: str,
    parent: Tag | None,
    colour: str,
    description: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Rename, move, colour and describe a tag; those below it go along, and so do the tickets.

    Raises Invalid when the name is taken there, or when the tag would stand below itself.
    """
    require(actor, tag.desk_id, Role.DESK_ADMIN)
    before = {"path": tag.path, "colour": tag.colour, "description": tag.description}
    if parent is not None and (parent.pk == tag.pk or parent.path.startswith(path_of(tag.path, ""))):
        raise Invalid(_("A tag cannot stand below itself."), code="circle", help=_("Choose another place."))
    tag.name, tag.parent, tag.colour = _name(name), parent, _colour(colour)
    tag.description = description.strip()[:200]
    path = _free_path(tag)
    if path != before["path"]:
        _carry(tag, path)
    tag.save()
    now = {"path": tag.path, "colour": tag.colour, "description": tag.description}
    changes = {field: [before[field], now[field]] for field in now if before[field] != now[field]}
    _audit(actor, tag, "edit", changes, clock)


@transaction.atomic
def merge_tags(actor: Actor, tag: Tag, into: Tag, *, clock: Clock = SYSTEM_CLOCK) -> int:
    """Make two tags one: tickets and tags below `tag` are `into`'s afterwards, `tag` is gone; how many tickets had it.

    A tag below that has the same name on both sides becomes one too. Raises Invalid when `into` stands below `tag`.
    """
    require(actor, tag.desk_id, Role.DESK_ADMIN)
    if tag.pk == into.pk or tag.desk_id != into.desk_id or into.path.startswith(path_of(tag.path, "")):
        raise Invalid(
            _("These two tags cannot become one."),
            code="merge",
            help=_("Choose another tag of the same desk that does not stand below this one."),
        )
    # rows of tickets are not locked: nobody may give them the tag that goes while it goes
    Tag.objects.select_for_update().get(pk=tag.pk)
    for child in tag.children.order_by("pk"):
        _merge_below(actor, child, into, clock)
    count = _retag(tag, into)
    _audit(actor, tag, "merge", {"path": [tag.path, into.path], "tickets": count}, clock)
    tag.delete()
    return count


def _merge_below(actor: Actor, child: Tag, into: Tag, clock: Clock) -> None:
    same = into.children.filter(name__iexact=child.name).first()
    if same is not None:
        merge_tags(actor, child, same, clock=clock)
        return
    child.parent = into
    _carry(child, _free_path(child))
    child.save()


def _retag(tag: Tag, into: Tag) -> int:
    theirs = _Tagging.objects.filter(tag=tag)
    tickets = list(theirs.values_list("ticket_id", flat=True))
    _Tagging.objects.bulk_create(
        [_Tagging(ticket_id=pk, tag_id=into.pk) for pk in tickets], ignore_conflicts=True, batch_size=500
    )
    theirs.delete()
    rebuilding.refresh_tickets_of_tag.enqueue(into.pk)
    return len(tickets)


@transaction.atomic
def archive_tag(actor: Actor, tag: Tag, *, back: bool = False, clock: Clock = SYSTEM_CLOCK) -> None:
    """Offer the tag and all below it no longer; or with `back` again, with those above it. Tickets keep it."""
    require(actor, tag.desk_id, Role.DESK_ADMIN)
    if (tag.archived_at is None) == back:
        raise Conflict(_("Somebody was faster: the tag has changed."), code="done")
    at: datetime | None = None if back else clock.now()
    below(tag).update(archived_at=at)
    above = tag.parent if back else None
    while above is not None:
        Tag.objects.filter(pk=above.pk).update(archived_at=None)
        above = above.parent
    tag.archived_at = at
    _audit(actor, tag, "restore" if back else "archive", {"path": tag.path}, clock)


@transaction.atomic
def tag_ticket(
    actor: Actor,
    ticket: Ticket,
    *,
    add: Iterable[Tag] = (),
    remove: Iterable[Tag] = (),
    clock: Clock = SYSTEM_CLOCK,
) -> Item | None:
    """Give a ticket tags and take others; what differs becomes one `change` item. None when nothing differs.

    Raises Invalid for a tag of another desk or one that is archived.
    """
    require_work(actor, ticket.desk_id)
    Ticket.objects.select_for_update().values_list("pk").get(pk=ticket.pk)
    there = set(ticket.tags.all())
    new = sorted(set(add) - there, key=str)
    gone = sorted(set(remove) & there, key=str)
    for tag in new:
        if tag.desk_id != ticket.desk_id:
            raise Invalid(_("This belongs to another desk."), code="other_desk")
        if tag.archived_at:
            raise Invalid(
                _("The tag %s is archived.") % tag.path, code="archived", help=_("Choose another one.")
            )
    if not new and not gone:
        return None
    ticket.tags.add(*new)
    ticket.tags.remove(*gone)
    return _tell(actor, ticket, new, gone, clock)


def _tell(actor: Actor, ticket: Ticket, new: list[Tag], gone: list[Tag], clock: Clock) -> Item:
    changes = {}
    if new:
        changes["tag_added"] = ["", ", ".join(tag.path for tag in new)]
    if gone:
        changes["tag_removed"] = [", ".join(tag.path for tag in gone), ""]
    now = clock.now()
    item = Item.objects.create(
        ticket=ticket, kind=ItemKind.CHANGE, at=now, author_id=actor.user_id, data=changes
    )
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=now)
    ticket.updated_at = now
    index.refresh([ticket.pk])
    audit.record(actor, "tag", "ticket", ticket.number, desk_id=ticket.desk_id, changes=changes, clock=clock)
    outbox.emit(
        events.TICKET_CHANGED,
        desk_id=ticket.desk_id,
        topics=events.ticket_topics(ticket),
        data={"ticket_id": ticket.pk, "number": ticket.number, "fields": changes},
        clock=clock,
    )
    return item


def _name(given: str) -> str:
    name = " ".join(given.split())
    if not name or ">" in name or "," in name or len(name) > 50:
        raise Invalid(_("A tag needs a name of at most 50 signs, without “>” and commas."), code="name")
    return name


def _colour(given: str) -> str:
    if given not in Colour.values:
        raise Invalid(_("There is no such colour."), code="colour")
    return given


def _free_path(tag: Tag) -> str:
    """Where the tag is to stand. Raises Invalid when that is taken, too deep, or at another desk."""
    if tag.parent is not None and tag.parent.desk_id != tag.desk_id:
        raise Invalid(_("This belongs to another desk."), code="other_desk")
    path = path_of(tag.parent.path, tag.name) if tag.parent else tag.name
    if len(path) > _LONGEST_PATH:
        raise Invalid(_("The tree of tags is too deep here."), code="deep", help=_("Choose a higher place."))
    if Tag.objects.filter(desk=tag.desk_id, path__iexact=path).exclude(pk=tag.pk).exists():
        raise Invalid(
            _("There is a tag %s already.") % path,
            code="taken",
            help=_("Merge the two, or choose another name."),
        )
    return path


def _carry(tag: Tag, path: str) -> None:
    """Move the tag's path and those of all below it."""
    old, tag.path = tag.path, path
    moving = [one for one in below(tag, old) if one.pk != tag.pk]
    for one in moving:
        one.path = path + one.path[len(old) :]
        if len(one.path) > _LONGEST_PATH:
            raise Invalid(
                _("The tree of tags is too deep here."), code="deep", help=_("Choose a higher place.")
            )
    Tag.objects.bulk_update(moving, ["path"], batch_size=200)
    rebuilding.refresh_tickets_of_tag.enqueue(tag.pk)


def _audit(actor: Actor, tag: Tag, verb: str, changes: Mapping[str, object], clock: Clock) -> None:
    audit.record(actor, verb, "tag", tag.pk, desk_id=tag.desk_id, changes=changes, clock=clock)
