"""What is done to saved views and to the columns a person chose: the only writers."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, conditions, outbox, registry
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.conditions import Asking, Tree
from helpline.core.errors import Invalid, NotAllowed
from helpline.people.models import Desk, Team
from helpline.tickets import columns, events
from helpline.tickets.condition_fields import ABOUT
from helpline.tickets.list_access import may_write, require_place
from helpline.tickets.models import ColumnChoice, View

#: a list of views longer than this helps nobody, and each is counted
MOST_VIEWS = 50


@dataclass(frozen=True, slots=True)
class ViewFacts:
    """What a view is made of. Neither team nor desk: it is personal."""

    name: str
    tree: Tree
    team: Team | None = None
    desk: Desk | None = None
    columns: Sequence[str] = ()
    sort: str = ""


@transaction.atomic
def save_view(
    actor: Actor, facts: ViewFacts, *, view: View | None = None, clock: Clock = SYSTEM_CLOCK
) -> View:
    """Make a view, or write `view` anew. Raises Invalid for conditions, columns or an order that cannot be, NotAllowed
    when the actor may not write it where it is or where it shall be."""
    if view is not None and not may_write(actor, view):
        raise NotAllowed(_("This view is not yours."), help=_("Save it as a view of your own."))
    require_place(actor, facts.team, facts.desk)
    saved = view or View()
    personal = not facts.team and not facts.desk
    saved.owner_id = actor.user_id if personal else None
    saved.team, saved.desk = facts.team, None if facts.team else facts.desk
    saved.name = _name(facts.name)
    saved.tree = _tree(actor, facts.tree, clock)
    saved.columns = columns.checked(facts.columns) if facts.columns else []
    saved.sort = columns.checked_sort(facts.sort)
    saved.changed_at, saved.changed_by_id = clock.now(), actor.user_id
    if saved.pk is None:
        _leave_room(saved)
    saved.save()
    audit.record(
        actor, "save", "view", saved.pk, desk_id=saved.at_desk, changes={"name": saved.name}, clock=clock
    )
    _tell(saved, clock)
    return saved


def _name(given: str) -> str:
    name = given.strip()[:80]
    if not name:
        raise Invalid(_("A view needs a name."), code="name")
    return name


def _tree(actor: Actor, tree: Tree, clock: Clock) -> dict[str, object]:
    conditions.check(tree, registry.conditions(ABOUT), Asking(actor, clock.now()))
    return dict(tree)


def _leave_room(view: View) -> None:
    beside = View.objects.filter(owner=view.owner_id, team=view.team_id, desk=view.desk_id)
    if beside.count() >= MOST_VIEWS:
        raise Invalid(_("There are too many views."), code="too_many", help=_("Delete one that nobody uses."))


@transaction.atomic
def delete_view(actor: Actor, view: View, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take a view away; the tickets stay. Raises NotAllowed."""
    if not may_write(actor, view):
        raise NotAllowed(_("This view is not yours."))
    audit.record(
        actor, "delete", "view", view.pk, desk_id=view.at_desk, changes={"name": view.name}, clock=clock
    )
    _tell(view, clock)
    view.delete()


@transaction.atomic
def choose_columns(actor: Actor, keys: Sequence[str], *, view: View | None = None) -> None:
    """The columns the actor wants in a view, or in the list without one; none: the usual ones again."""
    wanted = columns.checked(keys) if keys else []
    if actor.user_id is None:
        raise NotAllowed(_("Please sign in."), code="sign_in")
    if not wanted:
        ColumnChoice.objects.filter(user=actor.user_id, view=view).delete()
        return
    ColumnChoice.objects.update_or_create(user_id=actor.user_id, view=view, defaults={"columns": wanted})


def _tell(view: View, clock: Clock) -> None:
    topics = [f"desk:{view.at_desk}"] if view.at_desk else [f"user:{view.owner_id}"]
    outbox.emit(events.VIEW_CHANGED, desk_id=view.at_desk, topics=topics, data={"view": view.pk}, clock=clock)
