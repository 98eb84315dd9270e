"""How long the server takes for a page at 100,000 tickets: p50 and p95 in milliseconds, and the queries it asks.

A desk of its own in a directory that goes away: the demo at a busy moment, filled up with customers, calls and
tickets. Ada, who is in a talk, opens the pages whole; Lena opens the live page.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

TICKETS = int(os.environ.get("BENCH_TICKETS", "100000"))
CALLS, CONTACTS = 50_000, 5_000
ROUNDS = 20
#: milliseconds of the server, shell and phone bar included
LIMIT = 100.0
#: of lists and of the search
LIMITS = {"list": 60.0, "search": 80.0}
BATCH = 2_000
WORDS = ("VPN", "printer", "password", "dock", "invoice", "laptop", "Wi-Fi", "screen", "licence", "mail")
DOES = ("drops", "is locked", "stays black", "is slow", "prints blank pages", "asks again and again")


def fill(desk: Any, now: Any) -> None:
    """Customers, calls and tickets of the last three years; one ticket in fifty is live. Each has a note and a call."""
    from helpline.people.models import User

    rng = Random(1)  # plausible, not secret
    agents = list(User.objects.all())
    moments = [now - timedelta(minutes=15 * number) for number in range(TICKETS)]
    contacts = fill_contacts(desk, now)
    calls = fill_calls(desk, contacts, agents, moments, rng)
    fill_items(fill_tickets(desk, contacts, agents, moments, rng), calls)


def fill_contacts(desk: Any, now: Any) -> list[Any]:
    from helpline.customers.models import Contact, PhoneNumber

    contacts = Contact.objects.bulk_create(
        Contact(desk=desk, name=f"Caller {number}", user_id=f"X-{number}", created_at=now)
        for number in range(CONTACTS)
    )
    PhoneNumber.objects.bulk_create(
        PhoneNumber(contact=contact, e164=f"+3197{number:08}") for number, contact in enumerate(contacts)
    )
    return contacts


def fill_calls(
    desk: Any, contacts: list[Any], agents: list[Any], moments: list[Any], rng: Random
) -> list[Any]:
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
            started_at=moments[number],
            answered_at=moments[number],
            ended_at=moments[number],
            wait_s=20,
            talk_s=200,
        )
        for number in range(CALLS)
    )
    return Call.objects.bulk_create(rows, batch_size=BATCH)


def fill_tickets(
    desk: Any, contacts: list[Any], agents: list[Any], moments: list[Any], rng: Random
) -> list[Any]:
    from helpline.tickets.models import Category, Priority, Ticket

    priorities, categories = list(Priority.objects.all()), list(Category.objects.filter(desk=desk))
    rows = (
        Ticket(
            number=100_000 + number,
            desk=desk,
            subject=f"{rng.choice(WORDS)} {rng.choice(DOES)}",
            requester=contacts[number % CONTACTS],
            category=rng.choice(categories),
            priority=rng.choice(priorities),
            status="open" if number % 50 == 0 else "closed",
            assignee=rng.choice(agents),
            created_at=moments[number],
            updated_at=moments[number],
        )
        for number in range(TICKETS)
    )
    return Ticket.objects.bulk_create(rows, batch_size=BATCH)


def fill_items(tickets: list[Any], calls: list[Any]) -> None:
    from helpline.tickets.models import Item

    notes = (Item(ticket=one, kind="note", at=one.created_at, body="Restart tried.") for one in tickets)
    talks = (
        Item(ticket=one, kind="call", at=one.created_at, call_id=call.pk)
        for one, call in zip(tickets, calls, strict=False)
    )
    Item.objects.bulk_create(notes, batch_size=BATCH)
    Item.objects.bulk_create(talks, batch_size=BATCH)


def pages(busy: Any) -> dict[str, tuple[str, str]]:
    """Page -> who asks, and for what."""
    number, contact = busy.ticket.number, busy.ticket.requester_id
    return {
        "home": ("ada", "/"),
        "list": ("ada", "/tickets/"),
        "list_any": ("ada", "/tickets/?status=any"),
        "list_text": ("ada", "/tickets/?text=dock"),
        "list_any_text": ("ada", "/tickets/?status=any&text=dock"),
        "list_any_rare_text": ("ada", "/tickets/?status=any&text=zeppelin"),
        "list_priority": ("ada", "/tickets/?status=any&sort=-priority"),
        "list_mine": ("ada", "/tickets/?assignee=me"),
        "ticket": ("ada", f"/tickets/{number}/"),
        "live": ("lena", "/live/"),
        "calls": ("ada", "/calls/"),
        "calls_text": ("ada", "/calls/?text=carl"),
        "calls_agent": ("ada", "/calls/?agent=ada"),
        "call": ("ada", f"/calls/{busy.call.pk}/"),
        "contacts": ("ada", "/contacts/"),
        "contacts_text": ("ada", "/contacts/?text=carl"),
        "contact": ("ada", f"/contacts/{contact}/"),
        "incidents": ("ada", "/incidents/"),
        "search_word": ("ada", "/search/?q=dock"),
        "search_rare_word": ("ada", "/search/?q=zeppelin"),
        "search_two_words": ("ada", "/search/?q=printer+slow"),
        "search_person": ("ada", "/search/?q=caller+4711"),
        "search_number": ("ada", "/search/?q=%2B31305550199"),
        "phone_bar": ("ada", "/phone/bar/"),
    }


def measure(client: Any, address: str) -> tuple[list[float], list[float], int]:
    """Milliseconds on the clock and of the processor in each round, and how many queries a round asks."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code in {200, 302}, address
        queries = len(asked)
    took, spent = [], []
    for _round in range(ROUNDS):
        started, cpu = time.perf_counter(), time.process_time()
        client.get(address)
        took.append((time.perf_counter() - started) * 1000)
        spent.append((time.process_time() - cpu) * 1000)
    return took, spent, queries


def run() -> None:
    """Needs the settings; prints a line for each page."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import transaction
    from django.test import Client

    from helpline.conf.demo import load
    from helpline.conf.tests.busy_desk import busy
    from helpline.core.clock import SYSTEM
    from helpline.people.models import Desk
    from helpline.tickets.actions import rebuild_search as rebuild

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    load(SYSTEM)
    with transaction.atomic():
        fill(Desk.objects.get(key="acme"), SYSTEM.now())
        scene = busy(SYSTEM)
    started = time.perf_counter()
    rebuild()
    took_s = time.perf_counter() - started
    print(
        json.dumps({"name": "search_rebuild", "value": round(TICKETS / took_s), "unit": "tickets/s"}),
        flush=True,
    )
    only = sys.argv[1:]
    for name, (who, address) in pages(scene).items():
        if only and name not in only:
            continue
        client = Client()
        client.force_login(scene.people[who])
        took, spent, queries = measure(client, address)
        p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[18]
        limit = LIMITS.get(name.partition("_")[0], LIMIT)
        line = {"name": f"page_{name}_p50", "value": round(p50, 1), "unit": "ms", "limit": limit}
        line |= {"ratio": round(p50 / limit, 2), "p95": round(p95, 1)}
        # on a busy machine the clock tells of its other work too
        rest = {"cpu_p50": round(statistics.median(spent), 1), "queries": queries, "tickets": TICKETS}
        print(json.dumps(line | rest), flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as data:
        os.environ |= {"HELPLINE_DATA": data, "DJANGO_SETTINGS_MODULE": "helpline.conf.settings"}
        import django

        django.setup()
        run()


if __name__ == "__main__":
    main()
