"""The desk's own words for sorting tickets: categories and priorities."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from helpline.core import audit
from helpline.core.access import SYSTEM, Actor, Role, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.people.models import Desk, Team
from helpline.tickets.models import Category, Impact, MatrixCell, Priority, Urgency
from helpline.tickets.status_actions import set_matrix

#: (key, label, rank, meaning)
STANDARD_PRIORITIES = (
    ("outage", _("Outage"), 40, _("A service is down for several people")),
    ("critical", _("Critical"), 30, _("Somebody cannot work at all")),
    ("regular", _("Regular service"), 20, _("Work goes on, with a hindrance")),
    ("scheduled", _("Scheduled event"), 10, _("Planned: a move, a new colleague, a change")),
)
#: impact -> keys of the priorities for work that can wait, is hindered, stands still
STANDARD_MATRIX = {
    Impact.PERSON: ("regular", "regular", "critical"),
    Impact.SEVERAL: ("regular", "critical", "outage"),
    Impact.SITE: ("regular", "critical", "outage"),
    Impact.EVERYBODY: ("regular", "outage", "outage"),
}
STANDARD_CATEGORIES = (_("Network"), _("Hardware"), _("Programs"), _("Accounts"), _("Anything else"))


@transaction.atomic
def create_category(
    actor: Actor,
    desk: Desk,
    name: str,
    *,
    parent: Category | None = None,
    team: Team | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Category:
    """Make a category, below `parent` when given; the same name at the same place is the same category."""
    require(actor, desk.pk, Role.DESK_ADMIN)
    if not name.strip() or ">" in name:
        raise Invalid(_("A category needs a name without “>”."), code="name")
    path = f"{parent.path} > {name.strip()}" if parent else name.strip()
    category, made = Category.objects.get_or_create(
        desk=desk, path=path, defaults={"parent": parent, "name": name.strip(), "team": team}
    )
    if made:
        audit.record(
            actor, "create", "category", category.pk, desk_id=desk.pk, changes={"path": path}, clock=clock
        )
    return category


@transaction.atomic
def create_priority(
    actor: Actor, key: str, label: str, rank: int, *, meaning: str = "", clock: Clock = SYSTEM_CLOCK
) -> Priority:
    """Make or rename a priority; a higher rank is more urgent."""
    require(actor, None, Role.DESK_ADMIN)
    priority, _made = Priority.objects.update_or_create(
        key=key, defaults={"label": label, "rank": rank, "meaning": meaning}
    )
    audit.record(actor, "save", "priority", priority.pk, changes={"label": label, "rank": rank}, clock=clock)
    return priority


@transaction.atomic
def give_priorities(clock: Clock = SYSTEM_CLOCK) -> dict[str, Priority]:
    """The usual priorities by key, in the language that is on."""
    return {
        key: create_priority(SYSTEM, key, str(label), rank, meaning=str(meaning), clock=clock)
        for key, label, rank, meaning in STANDARD_PRIORITIES
    }


@transaction.atomic
def give_matrix(priorities: Mapping[str, Priority], clock: Clock = SYSTEM_CLOCK) -> None:
    """The usual matrix out of the usual priorities, by key."""
    wanted = {
        (impact.value, urgency.value): priorities.get(key)
        for impact, keys in STANDARD_MATRIX.items()
        for urgency, key in zip(Urgency, keys, strict=True)
    }
    set_matrix(SYSTEM, wanted, clock=clock)


@transaction.atomic
def stock(*, desk: Desk, clock: Clock = SYSTEM_CLOCK) -> None:
    """Hook of `people`: a desk sorts its tickets from the first day. What is there already stays."""
    with translation.override(desk.language):
        if not Priority.objects.exists():
            given = give_priorities(clock)
            if not MatrixCell.objects.exists():
                give_matrix(given, clock)
        if not Category.objects.filter(desk=desk).exists():
            for name in STANDARD_CATEGORIES:
                create_category(SYSTEM, desk, str(name), clock=clock)
