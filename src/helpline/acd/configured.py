"""Reads the desk's settings from rows and makes the engine's configuration and the prompt book of them."""

from collections import defaultdict
from dataclasses import dataclass

from helpline.acd import engine
from helpline.acd.models import EntryPoint, FrontEndMessage, MenuChoice, Queue, QueueRequirement, Tip
from helpline.acd.prompts import JOINED, WRONG_KEY, PromptBook, Texts
from helpline.core.access import WORKERS
from helpline.people.models import RoleGrant, User

#: seconds a caller is kept for an agent whose phone is gone
LOST_S = 30.0
LIMITS = engine.Limits(lost_s=LOST_S)


@dataclass(frozen=True, slots=True)
class Configured:
    """Everything set, as the engine and the runner need it. Agents are known to the engine by user name."""

    config: engine.Config
    prompts: PromptBook
    #: user name -> user id
    users: dict[str, int]
    #: queue key -> desk id
    desks: dict[str, int]


def load() -> Configured:
    """Read all settings; about ten queries."""
    texts: dict[str, Texts] = {}
    names: dict[str, str] = {}
    queues = list(Queue.objects.select_related("overflow_to"))
    desks = {queue.key: queue.desk_id for queue in queues}
    agents, users = _agents(desks)
    config = engine.Config(
        entries=_entries(texts, names),
        queues={queue.key: found for queue, found in zip(queues, _queues(queues, texts), strict=True)},
        agents=agents,
        limits=LIMITS,
    )
    return Configured(config, PromptBook(texts, names), users, desks)


def _queues(queues: list[Queue], texts: dict[str, Texts]) -> list[engine.Queue]:
    requirements: dict[int, list[QueueRequirement]] = defaultdict(list)
    for row in QueueRequirement.objects.select_related("skill").order_by("after_s", "id"):
        requirements[row.queue_id].append(row)
    tips: dict[int, list[str]] = defaultdict(list)
    for tip in Tip.objects.filter(on=True).order_by("order", "id"):
        reference = f"tip:{tip.pk}"
        texts[reference] = tip.text
        tips[tip.queue_id].append(reference)
    return [_queue(queue, requirements[queue.pk], tuple(tips[queue.pk])) for queue in queues]


def _queue(row: Queue, requirements: list[QueueRequirement], tips: tuple[str, ...]) -> engine.Queue:
    overflow = (
        engine.Target(engine.TargetKind.QUEUE, row.overflow_to.key) if row.overflow_to is not None else None
    )
    return engine.Queue(
        key=row.key,
        steps=relaxations(requirements),
        credit_s=row.priority_credit_s,
        ring_timeout_s=max(1, row.ring_timeout_s),
        wrap_up_s=row.wrap_up_s,
        tip_interval_s=max(1, row.tip_interval_s),
        tips=tips,
        music=row.music,
        announce_position=row.announce_position,
        max_wait_s=row.max_wait_s,
        overflow=overflow,
    )


def relaxations(rows: list[QueueRequirement]) -> tuple[engine.Relaxation, ...]:
    """What is asked for from which second on; each step is whole, so later rows are laid over earlier ones."""
    steps: dict[float, dict[str, int]] = {0.0: {}}
    needs: dict[str, int] = {}
    for row in rows:
        needs = {**needs, row.skill.key: row.min_level}
        steps[float(row.after_s)] = needs
    return tuple(engine.Relaxation(after_s, skills) for after_s, skills in sorted(steps.items()))


def _agents(desks: dict[str, int]) -> tuple[dict[str, engine.AgentProfile], dict[str, int]]:
    works_at: dict[int, set[int]] = defaultdict(set)
    for user_id, desk_id in RoleGrant.objects.filter(role__in=sorted(WORKERS)).values_list(
        "user_id", "desk_id"
    ):
        works_at[user_id].add(desk_id)
    profiles, ids = {}, {}
    users = User.objects.filter(is_active=True, pk__in=works_at).prefetch_related("skills__skill")
    for user in users.order_by("pk"):
        ids[user.username] = user.pk
        profiles[user.username] = engine.AgentProfile(
            id=user.username,
            skills={row.skill.key: row.level for row in user.skills.all()},
            queues=frozenset(key for key, desk_id in desks.items() if desk_id in works_at[user.pk]),
            wrap_up_s=user.wrap_up_s,
        )
    return profiles, ids


def _entries(texts: dict[str, Texts], names: dict[str, str]) -> dict[str, engine.EntryPoint]:
    choices: dict[int, list[MenuChoice]] = defaultdict(list)
    for row in MenuChoice.objects.select_related("queue").order_by("key"):
        choices[row.entry_point_id].append(row)
    messages = list(FrontEndMessage.objects.filter(on=True).order_by("switched_at", "pk"))
    entries = {}
    for entry in EntryPoint.objects.select_related("desk", "queue"):
        texts[f"greeting:{entry.pk}"] = entry.greeting
        names[f"greeting:{entry.pk}"] = entry.desk.name
        entries[entry.number] = engine.EntryPoint(
            number=entry.number,
            desk=entry.desk.key,
            language=entry.language,
            flow=engine.Flow(
                greeting=f"greeting:{entry.pk}",
                front_end=_front_end(entry, messages, texts),
                menu=_menu(entry, choices[entry.pk], texts),
                queue=entry.queue.key,
            ),
        )
    return entries


def _menu(entry: EntryPoint, choices: list[MenuChoice], texts: dict[str, Texts]) -> engine.Menu | None:
    if not choices or not any(entry.menu_prompt.values()):
        return None
    texts[f"menu:{entry.pk}"] = entry.menu_prompt
    return engine.Menu(
        prompt=f"menu:{entry.pk}",
        choices={row.key: _choice(row) for row in choices},
        timeout_s=entry.menu_timeout_s,
        retries=entry.menu_retries,
        invalid_prompt=WRONG_KEY,
        default=engine.MenuChoice(queue=entry.queue.key),
    )


def _choice(row: MenuChoice) -> engine.MenuChoice:
    """The engine's `category` carries our row's number, by which label and category are found again."""
    return engine.MenuChoice(
        queue=row.queue.key, skills=dict(row.skills), category=str(row.pk), language=row.language
    )


def _front_end(
    entry: EntryPoint, messages: list[FrontEndMessage], texts: dict[str, Texts]
) -> engine.FrontEndMessage | None:
    """The entry point's own message comes before the desk's; among equals the one switched on last."""
    mine = [
        row for row in messages if row.desk_id == entry.desk_id and row.entry_point_id in (None, entry.pk)
    ]
    if not mine:
        return None
    own = [row for row in mine if row.entry_point_id is not None]
    row = (own or mine)[-1]
    texts[f"message:{row.pk}"] = row.text
    return engine.FrontEndMessage(
        key=str(row.pk),
        prompt=f"message:{row.pk}",
        incident=str(row.incident_id or ""),
        joined_prompt=JOINED,
    )
