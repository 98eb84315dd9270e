"""Entry points and their menus: made and changed; and the first number of a desk in one go."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from helpline.acd import setting
from helpline.acd.models import EntryPoint, MenuChoice, Queue
from helpline.acd.queue_setting import QueueFacts, create_queue
from helpline.core import audit
from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid, NotFound
from helpline.people import actions as people
from helpline.people.models import Desk, PhoneAccount, Skill
from helpline.tickets.models import Category

KEYS = "1234567890*#"
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What an entry point is. Texts: language -> words, `{desk}` in them is the desk's name; `queue`: its id.

    An empty greeting is the house's own; an empty menu prompt is no menu. `menu_timeout_s`: seconds.
    """

    number: str
    name: str
    language: str
    queue: int
    greeting: Texts = field(default_factory=dict)
    menu_prompt: Texts = field(default_factory=dict)
    menu_timeout_s: int = 8
    menu_retries: int = 2


@transaction.atomic
def create_entry_point(
    actor: Actor, desk: Desk, facts: NumberFacts, *, clock: Clock = SYSTEM_CLOCK
) -> EntryPoint:
    """Make a number that leads to a queue. Raises Invalid for what cannot be, Conflict for a number in use."""
    setting.require_setter(actor, desk.pk)
    entry = EntryPoint.objects.create(desk=desk, **_checked(desk, None, facts))
    _note(actor, "create", entry, {"number": entry.number, "queue": entry.queue_id}, clock)
    return entry


@transaction.atomic
def edit_entry_point(
    actor: Actor, entry: EntryPoint, facts: NumberFacts, *, clock: Clock = SYSTEM_CLOCK
) -> EntryPoint:
    """Change a number; callers who are in already go on as they began. Raises as `create_entry_point`."""
    setting.require_setter(actor, entry.desk_id)
    values = _checked(entry.desk, entry, facts)
    changes = {
        name: [getattr(entry, name), new] for name, new in values.items() if getattr(entry, name) != new
    }
    for name, new in values.items():
        setattr(entry, name, new)
    entry.save(update_fields=list(values))
    _note(actor, "edit", entry, changes, clock)
    return entry


def _checked(desk: Desk, entry: EntryPoint | None, facts: NumberFacts) -> dict[str, object]:
    """The facts as columns. Raises Invalid, Conflict."""
    number = setting.clean_number(facts.number)
    _check_free(number, entry)
    return {
        "number": number,
        "name": setting.clean_name(facts.name),
        "language": setting.clean_language(facts.language),
        "greeting": setting.clean_texts(facts.greeting),
        "menu_prompt": setting.clean_texts(facts.menu_prompt),
        "menu_timeout_s": setting.between(facts.menu_timeout_s, 2, 60, "menu_timeout_s"),
        "menu_retries": setting.between(facts.menu_retries, 0, 5, "menu_retries"),
        "queue_id": _queue(desk, facts.queue).pk,
    }


def _check_free(number: str, entry: EntryPoint | None) -> None:
    taken = EntryPoint.objects.filter(number=number).first()
    if taken is not None and taken != entry:
        raise Conflict(
            _("%(number)s is in use: %(name)s.") % {"number": number, "name": taken.name},
            code="number",
            help=_("A number leads to one place only."),
        )
    if PhoneAccount.objects.filter(username=number).exists():
        raise Conflict(_("%(number)s is the phone of a colleague.") % {"number": number}, code="number")


def _queue(desk: Desk, queue_id: int) -> Queue:
    found = Queue.objects.filter(pk=queue_id, desk=desk).first()
    if found is None:
        raise Invalid(_("The desk has no such queue."), code="queue")
    return found


def _note(actor: Actor, verb: str, entry: EntryPoint, changes: Mapping[str, object], clock: Clock) -> None:
    audit.record(actor, verb, "entry_point", entry.pk, desk_id=entry.desk_id, changes=changes, clock=clock)
    setting.tell(entry.desk_id, clock)


@dataclass(frozen=True, slots=True)
class ChoiceFacts:
    """What a key of the menu means. `skills`: skill key -> level asked for beside the queue's own;
    `queue`, `category`: ids; an empty language changes none."""

    key: str
    label: str
    queue: int
    skills: Mapping[str, int] = field(default_factory=dict)
    category: int | None = None
    language: str = ""


@transaction.atomic
def save_choice(
    actor: Actor,
    entry: EntryPoint,
    facts: ChoiceFacts,
    *,
    choice_id: int | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> MenuChoice:
    """Give a key a meaning, or change one. Raises Invalid for what cannot be, Conflict for a key used twice."""
    setting.require_setter(actor, entry.desk_id)
    values = _checked_choice(entry, choice_id, facts)
    row = _choice(entry, choice_id) if choice_id else MenuChoice(entry_point=entry)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    _note(actor, "save_choice", entry, {"key": row.key, "label": row.label, "queue": row.queue_id}, clock)
    return row


def _checked_choice(entry: EntryPoint, choice_id: int | None, facts: ChoiceFacts) -> dict[str, object]:
    if len(facts.key) != 1 or facts.key not in KEYS:
        raise Invalid(_("Keys are 0 to 9, * and #."), code="key")
    other = entry.choices.filter(key=facts.key).first()
    if other is not None and other.pk != choice_id:
        raise Conflict(
            _("Key %(key)s means “%(label)s” already.") % {"key": facts.key, "label": other.label}, code="key"
        )
    if facts.category and not Category.objects.filter(pk=facts.category, desk=entry.desk_id).exists():
        raise Invalid(_("The desk has no such category."), code="category")
    return {
        "key": facts.key,
        "label": setting.clean_name(facts.label, "label"),
        "queue_id": _queue(entry.desk, facts.queue).pk,
        "skills": _skills(facts.skills),
        "category_id": facts.category,
        "language": setting.clean_language(facts.language, none_is_fine=True),
    }


def _skills(wanted: Mapping[str, int]) -> dict[str, int]:
    known = set(Skill.objects.filter(key__in=wanted).values_list("key", flat=True))
    for key in wanted:
        if key not in known:
            raise Invalid(_("There is no skill “%(key)s”.") % {"key": key}, code="skills")
    return {key: setting.between(level, 1, 100, "skills") for key, level in wanted.items()}


@transaction.atomic
def drop_choice(actor: Actor, entry: EntryPoint, choice_id: int, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """The key means nothing any more; who pressed it goes on. Raises NotFound when it is gone already."""
    setting.require_setter(actor, entry.desk_id)
    row = _choice(entry, choice_id)
    row.delete()
    _note(actor, "drop_choice", entry, {"key": row.key, "label": row.label}, clock)


def _choice(entry: EntryPoint, choice_id: int) -> MenuChoice:
    found: MenuChoice | None = entry.choices.filter(pk=choice_id).first()
    if found is None:
        raise NotFound(_("The menu has no such key."))
    return found


@dataclass(frozen=True, slots=True)
class FirstNumber:
    """What is asked for a desk's first number; everything else has a sensible default. `greeting`: words."""

    number: str
    name: str
    language: str
    greeting: str
    queue_name: str


@transaction.atomic
def set_up_first_number(
    actor: Actor, desk: Desk, first: FirstNumber, *, clock: Clock = SYSTEM_CLOCK
) -> EntryPoint:
    """Queue, number and greeting in one go, and whatever else the desk still lacks to take calls.

    A queue of that name is used when there is one. Raises as `create_queue` and `create_entry_point`.
    """
    setting.require_setter(actor, desk.pk)
    name = setting.clean_name(first.queue_name, "queue_name")
    queue = Queue.objects.filter(desk=desk, name__iexact=name).first()
    if queue is None:
        queue = create_queue(actor, desk, QueueFacts(name), clock=clock)
    people.stock(desk, clock)
    facts = NumberFacts(
        first.number, first.name, first.language, queue.pk, greeting={first.language: first.greeting}
    )
    return create_entry_point(actor, desk, facts, clock=clock)
