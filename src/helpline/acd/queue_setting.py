"""Queues, what they ask of agents, and the tips told while waiting: made and changed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from helpline.acd import setting
from helpline.acd.models import Queue, QueueRequirement, Tip
from helpline.core import audit
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid, NotFound
from helpline.core.keys import free_key
from helpline.people.models import Desk, Skill


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What a queue is. `*_s`: seconds; `max_wait_s` None waits for ever; `overflow_to`: a queue's id."""

    name: str
    ring_timeout_s: int = 15
    wrap_up_s: int = 30
    tip_interval_s: int = 20
    announce_position: bool = True
    max_wait_s: int | None = None
    overflow_to: int | None = None
    priority_credit_s: int = 0


@transaction.atomic
def create_queue(actor: Actor, desk: Desk, facts: QueueFacts, *, clock: Clock = SYSTEM_CLOCK) -> Queue:
    """Make a queue, which asks for no skill yet: every agent of the desk gets its calls.

    Its key is made of the name and stays. Raises Invalid for what cannot be, Conflict for a name in use.
    """
    setting.require_setter(actor, desk.pk)
    values = _checked(desk, None, facts)
    taken = set(Queue.objects.values_list("key", flat=True))
    key = free_key(f"{desk.key}-{values['name']}", f"{desk.key}-queue", taken)
    queue = Queue.objects.create(desk=desk, key=key, **values)
    audit.record(
        actor, "create", "queue", queue.pk, desk_id=desk.pk, changes={"name": queue.name}, clock=clock
    )
    setting.tell(desk.pk, clock)
    return queue


@transaction.atomic
def edit_queue(actor: Actor, queue: Queue, facts: QueueFacts, *, clock: Clock = SYSTEM_CLOCK) -> Queue:
    """Change a queue; who waits in it goes on waiting, by the new rules. Raises as `create_queue`."""
    setting.require_setter(actor, queue.desk_id)
    values = _checked(queue.desk, queue, facts)
    changes = {
        name: [getattr(queue, name), new] for name, new in values.items() if getattr(queue, name) != new
    }
    for name, new in values.items():
        setattr(queue, name, new)
    queue.save(update_fields=list(values))
    _note(actor, "edit", queue, changes, clock)
    return queue


def _checked(desk: Desk, queue: Queue | None, facts: QueueFacts) -> dict[str, object]:
    """The facts as columns. Raises Invalid, Conflict."""
    name = setting.clean_name(facts.name)
    named = Queue.objects.filter(desk=desk, name__iexact=name)
    if (named.exclude(pk=queue.pk) if queue else named).exists():
        raise Conflict(_("The desk has a queue of this name."), code="name", help=_("Choose another one."))
    setting.between(facts.ring_timeout_s, 3, 120, "ring_timeout_s")
    setting.between(facts.wrap_up_s, 0, setting.LONGEST_S, "wrap_up_s")
    setting.between(facts.tip_interval_s, 5, 600, "tip_interval_s")
    setting.between(facts.priority_credit_s, -setting.LONGEST_S, setting.LONGEST_S, "priority_credit_s")
    _check_overflow(desk, queue, facts)
    values = {key: value for key, value in asdict(facts).items() if key != "overflow_to"}
    return {**values, "name": name, "overflow_to_id": facts.overflow_to}


def _check_overflow(desk: Desk, queue: Queue | None, facts: QueueFacts) -> None:
    if (facts.max_wait_s is None) != (facts.overflow_to is None):
        raise Invalid(
            _("The longest wait and the queue that comes after it belong together."),
            code="overflow_to" if facts.overflow_to is None else "max_wait_s",
            help=_("Give both, or neither: then callers wait until somebody is free."),
        )
    if facts.max_wait_s is None or facts.overflow_to is None:
        return
    setting.between(facts.max_wait_s, 5, setting.LONGEST_S, "max_wait_s")
    if queue is not None and facts.overflow_to == queue.pk:
        raise Invalid(_("A queue cannot lead to itself."), code="overflow_to")
    if not Queue.objects.filter(pk=facts.overflow_to, desk=desk).exists():
        raise Invalid(_("The desk has no such queue."), code="overflow_to")


def _note(actor: Actor, verb: str, queue: Queue, changes: Mapping[str, object], clock: Clock) -> None:
    audit.record(actor, verb, "queue", queue.pk, desk_id=queue.desk_id, changes=changes, clock=clock)
    setting.tell(queue.desk_id, clock)


@transaction.atomic
def ask_for_skill(
    actor: Actor, queue: Queue, skill: Skill, level: int, after_s: int = 0, *, clock: Clock = SYSTEM_CLOCK
) -> QueueRequirement:
    """From `after_s` seconds of waiting on, an agent needs at least this level (0: the skill no longer counts).

    Said again for the same moment it replaces what was said. Raises Invalid for what cannot be.
    """
    setting.require_setter(actor, queue.desk_id)
    setting.between(level, 0, 100, "level")
    setting.between(after_s, 0, setting.LONGEST_S, "after_s")
    row, _made = QueueRequirement.objects.update_or_create(
        queue=queue, skill=skill, after_s=after_s, defaults={"min_level": level}
    )
    _note(actor, "ask_for_skill", queue, {skill.key: level, "after_s": after_s}, clock)
    return row


@transaction.atomic
def ask_no_more(actor: Actor, queue: Queue, requirement_id: int, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take a requirement away. Raises NotFound when it is gone already."""
    setting.require_setter(actor, queue.desk_id)
    row = queue.requirements.select_related("skill").filter(pk=requirement_id).first()
    if row is None:
        raise NotFound(_("The queue does not ask for this any more."))
    row.delete()
    _note(actor, "ask_no_more", queue, {row.skill.key: row.min_level, "after_s": row.after_s}, clock)


@dataclass(frozen=True, slots=True)
class TipFacts:
    """A tip. `text`: language -> words; lower `order` comes first."""

    text: Mapping[str, str]
    order: int = 0
    on: bool = True


@transaction.atomic
def save_tip(
    actor: Actor, queue: Queue, facts: TipFacts, *, tip_id: int | None = None, clock: Clock = SYSTEM_CLOCK
) -> Tip:
    """Make a tip, or change one. Its counts stay. Raises Invalid without words, NotFound when it is gone."""
    setting.require_setter(actor, queue.desk_id)
    words = setting.clean_texts(facts.text)
    if not words:
        raise Invalid(_("Say what callers shall hear."), code="text")
    setting.between(facts.order, 0, 999, "order")
    tip = _tip(queue, tip_id) if tip_id else Tip(queue=queue)
    tip.text, tip.order, tip.on = words, facts.order, facts.on
    tip.save()
    _note(actor, "save_tip", queue, {"tip": tip.pk, "text": words, "on": tip.on}, clock)
    return tip


@transaction.atomic
def drop_tip(actor: Actor, queue: Queue, tip_id: int, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Nobody hears the tip any more. Raises NotFound when it is gone already."""
    setting.require_setter(actor, queue.desk_id)
    _tip(queue, tip_id).delete()
    _note(actor, "drop_tip", queue, {"tip": tip_id}, clock)


def _tip(queue: Queue, tip_id: int) -> Tip:
    found = queue.tips.filter(pk=tip_id).first()
    if found is None:
        raise NotFound(_("The queue has no such tip."))
    return found
