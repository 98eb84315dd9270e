"""The gate to saved views and bulk changes.

A view is seen by its owner, the members of its team or whoever reads tickets at its desk; views of a team or desk are
written by leads and desk administrators. A bulk change is seen by whoever reads one of its tickets, and taken back by
whoever made it or leads the desk.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor, Role, require
from helpline.core.errors import NotAllowed, NotFound
from helpline.people.models import Desk, Team
from helpline.tickets import access
from helpline.tickets.models import BulkChange, BulkRow, BulkState, View

#: who writes the views of a desk and its teams
KEEPERS = (Role.LEAD, Role.DESK_ADMIN)
#: who may take back what a colleague changed in bulk
OVERSEERS = (Role.LEAD,)


def _kept(actor: Actor) -> list[int]:
    """Desks whose views the actor writes."""
    return [pk for pk in actor.desk_ids if actor.may(pk, *KEEPERS)]


def views(actor: Actor) -> QuerySet[View]:
    """The views in the actor's list: own, of own teams, of own desks; in this order, by name."""
    desks = access.desks_read(actor)
    mine = Q(owner=actor.user_id or 0)
    places = Team.members.through.objects.filter(user_id=actor.user_id or 0).values("team_id")
    found = View.objects.filter(mine | Q(team__in=places, team__desk__in=desks) | Q(desk__in=desks))
    return found.select_related("team__desk", "desk").order_by("desk__name", "team__name", "name", "pk")


def reachable_views(actor: Actor) -> QuerySet[View]:
    """Those, and the ones of other teams that the actor may write."""
    found = View.objects.select_related("team__desk", "desk", "owner", "changed_by")
    seen = Q(pk__in=views(actor).order_by().values("pk"))
    return found.filter(seen | Q(team__desk__in=_kept(actor))).order_by(
        "desk__name", "team__name", "name", "pk"
    )


def view(actor: Actor, view_id: int) -> View:
    """One view. Raises NotFound when there is none the actor may see."""
    found = reachable_views(actor).filter(pk=view_id).first()
    if found is None:
        raise NotFound(
            _("There is no such view."), help=_("It was deleted, or it belongs to a team you are not in.")
        )
    return found


def may_write(actor: Actor, view: View) -> bool:
    """True for the owner, and for leads and desk administrators of a team's or desk's view."""
    if view.owner_id:
        return view.owner_id == actor.user_id
    return actor.may(view.at_desk, *KEEPERS)


def require_place(actor: Actor, team: Team | None, desk: Desk | None) -> None:
    """Raise NotAllowed unless the actor may make a view of this team or desk, or, for neither, one of their own."""
    if team or desk:
        require(actor, team.desk_id if team else desk.pk if desk else None, *KEEPERS)
    elif actor.user_id is None:
        raise NotAllowed(_("A personal view needs a person."))
    else:
        require(actor, None, *access.READERS)


def teams_kept(actor: Actor) -> QuerySet[Team]:
    """Teams the actor may make views for."""
    return Team.objects.filter(desk__in=_kept(actor)).select_related("desk").order_by("desk__name", "name")


def desks_kept(actor: Actor) -> QuerySet[Desk]:
    """Desks the actor may make views for."""
    return Desk.objects.filter(pk__in=_kept(actor)).order_by("name")


def bulk_changes(actor: Actor) -> QuerySet[BulkChange]:
    """Bulk changes the actor may look at: own ones, and those carried out on tickets of desks where they read."""
    there = BulkRow.objects.filter(bulk=OuterRef("pk"), ticket__desk__in=access.desks_read(actor))
    every = BulkChange.objects.select_related("by", "undone_by")
    carried_out = ~Q(state=BulkState.PREVIEW) & Exists(there)
    return every.filter(Q(by=actor.user_id or 0) | carried_out)


def may_undo(actor: Actor, bulk: BulkChange) -> bool:
    """True for whoever made it while they work on tickets, and for leads of its tickets' desks."""
    if bulk.by_id == actor.user_id:
        return actor.may(None, *access.WRITERS)
    led = [pk for pk in actor.desk_ids if actor.may(pk, *OVERSEERS)]
    return bool(led) and bulk.rows.filter(ticket__desk__in=led).exists()


def bulk_change(actor: Actor, bulk_id: int) -> BulkChange:
    """One bulk change. Raises NotFound when there is none the actor may see."""
    found = bulk_changes(actor).filter(pk=bulk_id).first()
    if found is None:
        raise NotFound(
            _("There is no such bulk change at your desks."), help=_("A preview is kept for a day.")
        )
    return found
