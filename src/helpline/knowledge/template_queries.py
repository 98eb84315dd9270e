"""Readers of templates and signatures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor
from helpline.core.errors import NotFound
from helpline.knowledge.models import Checked, LinkState, Signature, Template
from helpline.people.models import Desk


def visible(actor: Actor) -> QuerySet[Template]:
    """Templates of the actor's desks."""
    every = Template.objects.select_related("desk", "team")
    return every if actor.is_system else every.filter(desk__in=actor.desk_ids)


def template(actor: Actor, template_id: int) -> Template:
    """One template. Raises NotFound when there is none the actor may see."""
    found = visible(actor).filter(pk=template_id).first()
    if found is None:
        raise NotFound(_("There is no such template at your desks."))
    return found


def search(actor: Actor, text: str = "", language: str = "", desk: str = "") -> QuerySet[Template]:
    """Templates that have every word of the text, with how many of their links are broken."""
    found = visible(actor)
    for word in text.split():
        found = found.filter(Q(name__icontains=word) | Q(category__icontains=word) | Q(body__icontains=word))
    found = found.filter(language=language) if language else found
    found = found.filter(desk_id=int(desk)) if desk.isdigit() else found
    broken = Count("checked", filter=Q(checked__state=LinkState.BROKEN))
    return found.annotate(broken=broken).order_by("desk__name", "category", "name")


def for_answer(desk_id: int, user_id: int | None) -> QuerySet[Template]:
    """Templates for an answer at the desk: the desk's own, and those of the person's teams; most used first."""
    mine = Q(team=None) | Q(team__members=user_id)
    return Template.objects.filter(Q(desk=desk_id) & mine).distinct().order_by("-used_count", "name")


def signature_rows(desk_id: int, user_id: int | None) -> QuerySet[Signature]:
    """Signatures that may stand below a mail of the person at the desk."""
    teams = Q(team__members=user_id, team__desk=desk_id)
    return Signature.objects.filter(Q(user=user_id) | teams | Q(desk=desk_id)).distinct().order_by("pk")


def best_signature(rows: Iterable[Signature], languages: Sequence[str]) -> Signature | None:
    """The one to take: the first language that has any; in it the person's own, then a team's, then the desk's."""
    found = list(rows)
    for language in [*dict.fromkeys(languages), ""]:
        fitting = [one for one in found if one.language == language or not language]
        if fitting:
            return min(fitting, key=_how_far)
    return None


def _how_far(signature: Signature) -> int:
    return 0 if signature.user_id else 1 if signature.team_id else 2


@dataclass(frozen=True, slots=True)
class Owned:
    """A signature of a desk or team as its page shows it."""

    key: str
    label: str
    by_language: dict[str, str]


def signatures_of_desk(desk: Desk) -> list[Owned]:
    """Those of the desk and its teams; two queries."""
    rows = list(Signature.objects.filter(Q(desk=desk) | Q(team__desk=desk)))
    owners = [
        ("desk", desk.pk, desk.name),
        *(("team", team.pk, team.name) for team in desk.teams.order_by("name")),
    ]
    return [
        Owned(
            f"{kind}-{pk}",
            name,
            {one.language: one.body for one in rows if getattr(one, f"{kind}_id") == pk},
        )
        for kind, pk, name in owners
    ]


def broken(actor: Actor) -> QuerySet[Checked]:
    """Links and files that did not work when they were tried last, at the actor's desks."""
    desks = list(actor.desk_ids)
    here = (
        Q(template__desk__in=desks)
        | Q(signature__desk__in=desks)
        | Q(signature__team__desk__in=desks)
        | Q(signature__user=actor.user_id)
    )
    found = Checked.objects.filter(here, state=LinkState.BROKEN)
    return found.select_related("template", "signature__desk", "signature__team").order_by("pk")
