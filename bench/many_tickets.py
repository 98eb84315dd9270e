"""Fills a desk: customers, calls, and as many tickets as asked for. One in fifty is live; each has a note or a call.

The first block of tickets is made one by one; the others are copies of it, older and with other numbers, made by the
database. So is the search index: the first block by the rebuild that a desk uses too, the others as copies.
"""

from __future__ import annotations

import json
import time
from datetime import timedelta
from random import Random
from typing import Any

BLOCK = 100_000
CALLS, CONTACTS = 50_000, 5_000
BATCH = 2_000
WORDS = ("VPN", "printer", "password", "dock", "invoice", "laptop", "Wi-Fi", "screen", "licence", "mail")
DOES = ("drops", "is locked", "stays black", "is slow", "prints blank pages", "asks again and again")
#: a block spans so many days
DAYS = 1042
#: id and number of the first ticket of the newest block; each older block is so much lower
FIRST, STRIDE = 90_000_000, 1_000_000
#: a moment as a column of the copy
EARLIER = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', {column}, '-{days} days')",
    "postgresql": "{column} - interval '{days} days'",
}


def fill(tickets: int, now: Any) -> None:
    """Puts them in and indexes them; prints how fast. `tickets`: a number of whole blocks, or less than one."""
    from django.db import transaction

    from helpline.people.models import Desk
    from helpline.tickets.actions import rebuild_search

    block = min(tickets, BLOCK)
    started = time.perf_counter()
    with transaction.atomic():
        _block(Desk.objects.get(key="acme"), block, now)
    _tell("seeding", block, started)
    started = time.perf_counter()
    rebuild_search()
    _tell("search_rebuild", block, started)
    started = time.perf_counter()
    for number in range(1, tickets // BLOCK):
        _copy(number)
    if tickets > block:
        _tell("copying", tickets - block, started)
    _settle()


def _tell(name: str, tickets: int, started: float) -> None:
    took_s = time.perf_counter() - started
    line = {"name": name, "value": round(tickets / took_s), "unit": "tickets/s", "tickets": tickets}
    print(json.dumps(line | {"took_s": round(took_s)}), flush=True)


def _settle() -> None:
    """What the database does by itself after a while (autovacuum, checkpoint)."""
    from django.db import connection

    with connection.cursor() as cursor:
        after = "VACUUM ANALYZE" if connection.vendor == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)"
        cursor.execute(after)


def _block(desk: Any, tickets: int, now: Any) -> None:
    from helpline.people.models import User

    rng = Random(1)  # plausible, not secret
    agents = list(User.objects.all())
    step = timedelta(days=DAYS) / tickets
    moments = [now - step * (tickets - number) for number in range(tickets)]
    contacts = _contacts(desk, now)
    calls = _calls(desk, contacts, agents, moments, rng)
    _items(_tickets(desk, contacts, agents, moments, rng), calls)


def _contacts(desk: Any, now: Any) -> list[Any]:
    from helpline.customers.models import Contact, PhoneNumber

    contacts = Contact.objects.bulk_create(
        Contact(desk=desk, name=f"Caller {number}", user_id=f"X-{number}", created_at=now)
        for number in range(CONTACTS)
    )
    PhoneNumber.objects.bulk_create(
        PhoneNumber(contact=contact, e164=f"+3197{number:08}") for number, contact in enumerate(contacts)
    )
    return contacts


def _calls(desk: Any, contacts: list[Any], agents: list[Any], moments: list[Any], rng: Random) -> list[Any]:
    from helpline.telephony.models import Call

    rows = (
        Call(
            desk=desk,
            state="ended",
            outcome="answered",
            from_number=f"+3197{(number % CONTACTS):08}",
            to_number="100",
            contact=contacts[number % CONTACTS],
            agent=rng.choice(agents),
            queue_key="acme-network",
            started_at=moment,
            answered_at=moment,
            ended_at=moment,
            wait_s=20,
            talk_s=200,
        )
        for number, moment in enumerate(moments[:CALLS])
    )
    return Call.objects.bulk_create(rows, batch_size=BATCH)


def _tickets(desk: Any, contacts: list[Any], agents: list[Any], moments: list[Any], rng: Random) -> list[Any]:
    from helpline.tickets.models import Category, Priority, Ticket

    priorities, categories = list(Priority.objects.all()), list(Category.objects.filter(desk=desk))
    rows = (
        Ticket(
            pk=FIRST + number,
            number=FIRST + number,
            desk=desk,
            subject=f"{rng.choice(WORDS)} {rng.choice(DOES)}",
            requester=contacts[number % CONTACTS],
            category=rng.choice(categories),
            priority=rng.choice(priorities),
            status="open" if number % 50 == 0 else "closed",
            assignee=rng.choice(agents),
            created_at=moment,
            updated_at=moment,
        )
        for number, moment in enumerate(moments)
    )
    return Ticket.objects.bulk_create(rows, batch_size=BATCH)


def _items(tickets: list[Any], calls: list[Any]) -> None:
    from helpline.tickets.models import Item

    notes = (Item(ticket=one, kind="note", at=one.created_at, body="Restart tried.") for one in tickets)
    talks = (
        Item(ticket=one, kind="call", at=one.created_at, call_id=call.pk)
        for one, call in zip(tickets, calls, strict=False)
    )
    Item.objects.bulk_create(notes, batch_size=BATCH)
    Item.objects.bulk_create(talks, batch_size=BATCH)


def _copy(number: int) -> None:
    """The first block once more, so many blocks earlier; of its items the notes."""
    from helpline.tickets.models import Item, SearchPart, SearchText, SearchWord, Ticket

    back, first = number * STRIDE, f"id >= {FIRST}"
    copied = f"CAST(number - {back} AS text)"
    _insert(Ticket, number, first, {"id": f"id - {back}", "number": f"number - {back}"})
    notes = f"ticket_id >= {FIRST} AND kind = 'note'"
    _insert(Item, number, notes, {"id": f"id + {back}", "ticket_id": f"ticket_id - {back}"})
    # ids and numbers are the same; the number is a term of its ticket, and with its ends a word
    ids = "ticket_id", f"ticket_id - {back}"
    terms = f"replace(terms, CAST(ticket_id AS text), CAST({ids[1]} AS text))"
    _insert(SearchText, number, f"ticket_id >= {FIRST}", {ids[0]: ids[1], "terms": terms})
    _insert(SearchWord, number, first, {"word": copied, "name": "false"}, Ticket)
    for end in range(2, len(str(FIRST)) - 2):
        part = {"id": None, "part": f"substr({copied}, {end})", "word": copied}
        _insert(SearchPart, number, first, part, Ticket)


def _insert(
    model: Any, number: int, where: str, other: dict[str, str | None], source: Any | None = None
) -> None:
    """Rows of the `source`, or of the model itself, with earlier moments and `other` values; None is left out."""
    from django.db import connection

    earlier = EARLIER[connection.vendor]
    values: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        name = field.column
        moment = field.get_internal_type() == "DateTimeField"
        kept = earlier.format(column=name, days=number * DAYS) if moment else name
        if value := other.get(name, kept):
            values[name] = value
    into, out_of = model._meta.db_table, (source or model)._meta.db_table
    with connection.cursor() as cursor:
        # the names of columns and tables are our own
        cursor.execute(
            f"INSERT INTO {into} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM {out_of} WHERE {where}"
        )
