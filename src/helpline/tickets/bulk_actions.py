"""Changes of many tickets at once: looked at, carried out, taken back. The only writers, with tickets.bulk_running."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from helpline.core import audit
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.tickets import access, bulk_jobs, bulk_running
from helpline.tickets.bulk_fields import Raw
from helpline.tickets.list_access import may_undo
from helpline.tickets.models import BulkChange, BulkRow, BulkState, Ticket

#: so many are changed while the person waits; more are a job
AT_ONCE: Final = 200
#: more than these at once is a matter for an administrator
MOST: Final = 5000


@transaction.atomic
def prepare(
    actor: Actor,
    tickets: QuerySet[Ticket],
    fields: Mapping[str, Raw],
    *,
    source: str = "",
    back: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> BulkChange:
    """Keep which tickets shall be changed and how (tickets.bulk_fields), to be looked at first; nothing changes yet.

    Only tickets the actor may see are taken. Raises Invalid for no ticket, no change or too many tickets.
    """
    require(actor, None, *access.WRITERS)
    seen = access.visible(actor).filter(pk__in=tickets.order_by().values("pk"))
    ids = list(seen.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    _check_number(ids, fields)
    now = clock.now()
    bulk = BulkChange.objects.create(
        fields=dict(fields),
        source=source[:80],
        back=back[:1000],
        by_id=actor.user_id,
        made_at=now,
        moved_at=now,
    )
    BulkRow.objects.bulk_create((BulkRow(bulk=bulk, ticket_id=pk) for pk in ids), batch_size=500)
    return bulk


def _check_number(ids: Sequence[int], fields: Mapping[str, Raw]) -> None:
    if not ids or not fields:
        raise Invalid(_("Choose tickets and what to change."), code="empty")
    if len(ids) > MOST:
        raise Invalid(
            _("That is too many at once."),
            code="too_many",
            help=_("Change at most %d tickets; narrow the list first.") % MOST,
        )


def apply(actor: Actor, bulk: BulkChange, *, clock: Clock = SYSTEM_CLOCK) -> BulkChange:
    """Carry out a prepared change: at once, or, for many tickets, by a job. Raises Conflict when it was before."""
    if bulk.by_id != actor.user_id:
        raise NotAllowed(_("Only who prepared a change can carry it out."))
    begun = {"state": BulkState.RUNNING, "applied_at": clock.now(), "moved_at": clock.now()}
    _begin(actor, bulk, BulkState.PREVIEW, begun, clock)
    return _carried(bulk, clock)


def undo(actor: Actor, bulk: BulkChange, *, clock: Clock = SYSTEM_CLOCK) -> BulkChange:
    """Put back what it changed and nobody changed since. Raises Conflict unless it is done and not undone yet.

    For whoever made the change, and leads of its tickets' desks; tickets of desks where they do not work are left.
    """
    require(actor, None, *access.WRITERS)
    if not may_undo(actor, bulk):
        raise NotAllowed(_("This change is not yours."), help=_("Ask your team lead to undo it."))
    begun = {
        "state": BulkState.UNDOING,
        "undone_at": clock.now(),
        "undone_by": actor.user_id,
        "moved_at": clock.now(),
    }
    _begin(actor, bulk, BulkState.DONE, begun, clock)
    return _carried(bulk, clock)


@transaction.atomic
def _begin(actor: Actor, bulk: BulkChange, was: BulkState, begun: Mapping[str, object], clock: Clock) -> None:
    if not BulkChange.objects.filter(pk=bulk.pk, state=was).update(**begun):
        raise Conflict(_("This was done before."), help=_("Look at the page of the change."))
    verb = "bulk_undo" if was == BulkState.DONE else "bulk_change"
    audit.record(actor, verb, "bulk_change", bulk.pk, changes=bulk.fields, clock=clock)
    if not _small(bulk):
        bulk_jobs.carry_on.enqueue(bulk.pk)


def _small(bulk: BulkChange) -> bool:
    return bulk.rows.count() <= AT_ONCE


def _carried(bulk: BulkChange, clock: Clock) -> BulkChange:
    if _small(bulk):
        bulk_running.carry_on(bulk.pk, clock)
    bulk.refresh_from_db()
    return bulk
