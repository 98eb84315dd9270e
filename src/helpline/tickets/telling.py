"""Who of the colleagues is told what happens on a ticket: whose it is now, whose customer answered, who is named."""

import re
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from helpline.core import notices
from helpline.core.access import Actor
from helpline.core.clock import Clock
from helpline.core.notices import NoticeKind
from helpline.people import queries as people
from helpline.people.models import Team, User
from helpline.people.notice_actions import notify
from helpline.tickets.models import Item, Mention, Task, Ticket

ASSIGNED: Final = "assigned"
ANSWERED: Final = "answered"
MENTIONED: Final = "mention"
TASK_DUE: Final = "task_due"
#: "@ada" or "@network": a person's or a team's short name after a blank or bracket
_NAMED: Final = re.compile(r"(?<![\w.@])@([a-zA-Z][\w.-]{0,149})")


def assigned(actor: Actor, ticket: Ticket, was: int | None, clock: Clock) -> None:
    """The ticket is somebody's now."""
    if ticket.assignee_id and ticket.assignee_id != was:
        _notify([ticket.assignee_id], ASSIGNED, actor, ticket, str(_("A ticket is yours now")), clock)


def answered(actor: Actor, ticket: Ticket, clock: Clock) -> None:
    """The customer wrote; who has the ticket is told."""
    if ticket.assignee_id:
        _notify([ticket.assignee_id], ANSWERED, actor, ticket, str(_("The customer answered")), clock)


def due(actor: Actor, task: Task, title: str, clock: Clock) -> None:
    """A task is due; whose it is is told."""
    if task.assignee_id:
        _notify([task.assignee_id], TASK_DUE, actor, task.ticket, title, clock, about=f"task:{task.pk}")


def mention(actor: Actor, ticket: Ticket, item: Item, clock: Clock) -> list[Mention]:
    """Keep whom a note names, by "@short-name" of a person or team of the desk, and tell them. Who wrote it, and words
    that are nobody's name, do not count."""
    words = {word.rstrip(".-").casefold() for word in _NAMED.findall(item.body)}
    if not words:
        return []
    named = {
        user.pk: None
        for user in people.members_of_desk([ticket.desk_id])
        if user.username.casefold() in words
    }
    teams = Team.objects.filter(desk=ticket.desk_id).prefetch_related("members")
    reached: dict[int, Team | None] = {
        member.pk: team for team in teams if team.key.casefold() in words for member in team.members.all()
    }
    reached |= named
    reached.pop(actor.user_id or 0, None)
    rows = [Mention(item=item, user_id=one, team=team, at=item.at) for one, team in reached.items()]
    Mention.objects.bulk_create(rows)
    title = str(
        _("%(name)s names you in a note") % {"name": item.author.display_name if item.author else actor.name}
    )
    _notify(reached, MENTIONED, actor, ticket, title, clock, f"#item-{item.pk}")
    return rows


def _notify(
    who: "list[int] | dict[int, Team | None]",
    kind: str,
    actor: Actor,
    ticket: Ticket,
    title: str,
    clock: Clock,
    place: str = "",
    about: str = "",
) -> None:
    notify(
        list(who),
        kind,
        desk_id=ticket.desk_id,
        about=about or f"ticket:{ticket.number}",
        title=title,
        detail=f"{ticket.number} {ticket.subject}",
        url=reverse("tickets:ticket", args=[ticket.number]) + place,
        by=actor,
        clock=clock,
    )


def unread(actor: Actor) -> list[Mention]:
    """Notes that name the actor and that they did not read yet, the latest first."""
    mine = Mention.objects.filter(
        Q(user=actor.user_id), seen_at=None, item__ticket__desk__in=list(actor.desk_ids)
    )
    return list(mine.select_related("item__ticket", "item__author", "team").order_by("-at")[:12])


def names(members: "list[User]", teams: "list[Team]") -> list[dict[str, str]]:
    """What may stand after "@" on the desk."""
    people_ = [
        {"value": one.username, "label": one.display_name, "hint": f"@{one.username}"} for one in members
    ]
    return people_ + [{"value": one.key, "label": one.name, "hint": f"@{one.key}"} for one in teams]


def register() -> None:
    """Called once when the program starts."""
    notices.register(NoticeKind(ASSIGNED, _("A ticket is given to me"), mail=True), 10)
    notices.register(NoticeKind(ANSWERED, _("The customer of my ticket answers"), mail=True), 20)
    notices.register(NoticeKind(MENTIONED, _("A colleague names me in a note"), mail=True), 30)
    notices.register(NoticeKind(TASK_DUE, _("A task of mine is due"), mail=True), 40)
