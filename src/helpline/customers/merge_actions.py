"""Two contacts that are one person, made one, and taken apart again.

What belongs to the one goes to the other (`core.ties`); the emptied one stays behind as a signpost. What moved is kept by
id, so that just that goes back; what came since stays with the contact that was kept.
"""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, outbox, registry
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.customers import events
from helpline.customers.access import WRITERS, require_living
from helpline.customers.models import Contact, Merge

__all__ = ["merge", "undo"]

#: what the kept contact takes over where it knows nothing
_FILLED = ("user_id", "organisation_id", "language", "location", "job", "note")


@transaction.atomic
def merge(actor: Actor, into: Contact, other: Contact, *, clock: Clock = SYSTEM_CLOCK) -> Merge:
    """Make `other` a part of `into`: all that belongs to it goes there, and it leads there from now on.

    Fields that `into` has left empty take what `other` knew. Raises Invalid for one contact or two desks, Conflict when
    one of the two was erased or is part of another one already.
    """
    for one in (into, other):
        require(actor, one.desk_id, *WRITERS)
    if into.pk == other.pk:
        raise Invalid(_("This is the same contact."), code="same", help=_("Choose another one."))
    if into.desk_id != other.desk_id:
        raise Invalid(_("This contact belongs to another desk."), code="other_desk")
    into, other = _claim(into, other)
    require_living(into)
    require_living(other)
    merged = Merge(source=other, target=into, at=clock.now(), by_id=actor.user_id)
    merged.filled = _fill(into, other)
    merged.moved = {key: tie.move(other.pk, into.pk) for key, tie in registry.ties.items()}
    merged.save()
    Contact.objects.filter(pk=other.pk).update(merged_into=into)
    _tell_both(actor, merged, clock, undone=False)
    return merged


def _claim(*contacts: Contact) -> list[Contact]:
    """Have the rows for ourselves, in one order for all, and know what is true of them now."""
    rows = Contact.objects.select_for_update(no_key=True).filter(pk__in=[one.pk for one in contacts])
    now_there = {row.pk: row for row in rows.order_by("pk")}
    return [now_there[one.pk] for one in contacts]


def _fill(into: Contact, other: Contact) -> dict[str, Any]:
    filled = {
        name: getattr(other, name) for name in _FILLED if not getattr(into, name) and getattr(other, name)
    }
    if filled:
        Contact.objects.filter(pk=into.pk).update(**filled)
    return filled


@transaction.atomic
def undo(actor: Actor, merged: Merge, *, clock: Clock = SYSTEM_CLOCK) -> Contact:
    """Take a merge back: what moved and still is there returns, what came since stays. The contact that is back.

    Raises Conflict when it was taken back before, a later merge or an erasure hides it, or its user id is another's now.
    """
    require(actor, merged.target.desk_id, *WRITERS)
    into, other = _claim(merged.target, merged.source)
    if not Merge.objects.filter(pk=merged.pk, undone_at=None).update(undone_at=clock.now()):
        raise Conflict(_("This was taken back before."), code="undone")
    if into.merged_into_id is not None:
        raise Conflict(
            _("A later merge has to be taken back first."),
            code="later",
            help=_("Open the contact this one leads to."),
        )
    require_living(into)
    _unfill(into, merged.filled)
    _require_free(other)
    for key, tie in registry.ties.items():
        tie.give_back(merged.moved.get(key, []), other.pk, into.pk)
    Contact.objects.filter(pk=other.pk).update(merged_into=None)
    _tell_both(actor, merged, clock, undone=True)
    return other


def _unfill(into: Contact, filled: dict[str, Any]) -> None:
    """Empty again what was filled, unless somebody wrote something else there."""
    empty = {"organisation_id": None}
    same = {name: empty.get(name, "") for name, value in filled.items() if getattr(into, name) == value}
    if same:
        Contact.objects.filter(pk=into.pk).update(**same)


def _require_free(contact: Contact) -> None:
    taken = Contact.objects.filter(desk=contact.desk_id, user_id__iexact=contact.user_id, merged_into=None)
    if contact.user_id and taken.exists():
        raise Conflict(
            _("The user id of %(name)s belongs to another contact now.") % {"name": contact.name},
            code="user_id_taken",
            help=_("Change it there, then take the merge back."),
        )


def _tell_both(actor: Actor, merged: Merge, clock: Clock, *, undone: bool) -> None:
    """An audit row for each, by id: its name may belong to a person who is forgotten later; then one event for both."""
    pair = (merged.target_id, merged.source_id)
    for one, other, word in ((*pair, "merged"), (*pair[::-1], "merged_into")):
        change = [str(other), ""] if undone else ["", str(other)]
        audit.record(
            actor,
            "merge",
            "contact",
            one,
            desk_id=merged.target.desk_id,
            changes={word: change},
            clock=clock,
        )
    outbox.emit(
        events.CONTACT_MERGED,
        desk_id=merged.target.desk_id,
        topics=[*events.contact_topics(pair[0]), *events.contact_topics(pair[1])],
        data={"contact_id": pair[0], "other": pair[1], "undone": undone},
        clock=clock,
    )
    for contact in Contact.objects.filter(pk__in=pair):
        registry.announce(events.HOOK_CONTACT_CHANGED, contact=contact)
