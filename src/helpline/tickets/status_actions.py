"""The company's own statuses and its matrix of priorities."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from helpline.core import audit
from helpline.core.access import Actor, Role, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.tickets.models import Impact, MatrixCell, Priority, Status, StatusKind, Urgency
from helpline.tickets.statuses import FIXED

_LAST = 9999


@transaction.atomic
def create_status(
    actor: Actor, label: str, kind: str, *, order: int = 100, clock: Clock = SYSTEM_CLOCK
) -> Status:
    """Make a status of the company's own. Its kind says what it means to clocks and lists, and stays for ever.

    Raises Invalid for an empty or taken label, an unknown kind, an order that is none.
    """
    require(actor, None, Role.DESK_ADMIN)
    if kind not in StatusKind.values:
        raise Invalid(_("There is no such kind of status."), code="kind")
    status = Status(label=_label(label), kind=kind, order=_order(order))
    status.key = _free_key(status.label)
    status.save()
    changes = {"label": status.label, "kind": kind, "order": status.order}
    audit.record(actor, "create", "status", status.pk, changes=changes, clock=clock)
    return status


@transaction.atomic
def edit_status(
    actor: Actor,
    key: str,
    *,
    label: str = "",
    order: int,
    active: bool,
    clock: Clock = SYSTEM_CLOCK,
) -> Status:
    """Change the word, place and offer of a status; of a usual one (its key is a kind) only place and offer.

    A status that is not offered stays on the tickets that have it. Raises Invalid when the program needs it.
    """
    require(actor, None, Role.DESK_ADMIN)
    usual = key in StatusKind.values
    if not active and key in FIXED:
        raise Invalid(
            _("This status cannot be switched off."), code="fixed", help=_("The program sets it by itself.")
        )
    status = Status.objects.select_for_update().filter(key=key).first()
    if status is None and not usual:
        raise Invalid(_("There is no such status."), code="status")
    status = status or Status(key=key, kind=key)
    status.order, status.active = _order(order), active
    if not usual:
        status.label = _label(label, status)
    status.save()
    changes = {"label": status.label, "order": status.order, "active": active}
    audit.record(actor, "edit", "status", status.pk, changes=changes, clock=clock)
    return status


def _label(given: str, but: Status | None = None) -> str:
    label = " ".join(given.split())
    if not label or len(label) > 60:
        raise Invalid(_("A status needs a name of at most 60 signs."), code="label")
    others = Status.objects.exclude(pk=but.pk) if but else Status.objects.all()
    usual = {str(one).casefold() for one in StatusKind.labels}
    if label.casefold() in usual or others.filter(label__iexact=label).exists():
        raise Invalid(_("There is a status of this name already."), code="taken")
    return label


def _order(given: int) -> int:
    if not 0 <= given <= _LAST:
        raise Invalid(_("The place is a number from 0 to 9999."), code="order")
    return given


def _free_key(label: str) -> str:
    base = slugify(label)[:34] or "status"
    taken = {*StatusKind.values, "live", "any", *Status.objects.values_list("key", flat=True)}
    tries = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
    return next(one for one in tries if one not in taken)


@transaction.atomic
def set_matrix(
    actor: Actor, wanted: Mapping[tuple[str, str], Priority | None], *, clock: Clock = SYSTEM_CLOCK
) -> int:
    """Set cells of the matrix, by (impact, urgency); None empties one. How many are not as they were.

    Tickets keep the priority they have. Raises Invalid for an impact or urgency that is none.
    """
    require(actor, None, Role.DESK_ADMIN)
    before = {(one.impact, one.urgency): one.priority_id for one in MatrixCell.objects.select_for_update()}
    changes: dict[str, str] = {}
    for (impact, urgency), priority in wanted.items():
        if impact not in Impact.values or urgency not in Urgency.values:
            raise Invalid(_("There is no such place in the matrix."), code="cell")
        if before.get((impact, urgency)) == (priority.pk if priority else None):
            continue
        changes[f"{impact}, {urgency}"] = priority.key if priority else ""
        place = MatrixCell.objects.filter(impact=impact, urgency=urgency)
        if priority is None:
            place.delete()
        elif not place.update(priority=priority):
            MatrixCell.objects.create(impact=impact, urgency=urgency, priority=priority)
    if changes:
        audit.record(actor, "save", "matrix", 0, changes=changes, clock=clock)
    return len(changes)
