"""How long the server takes for a page at 100,000 tickets: p50 and p95 in milliseconds, and the queries it asks.

On SQLite, or on the database of HELPLINE_DATABASE_URL; BENCH_TICKETS says how many tickets.

A desk of its own in a directory that goes away: the demo at a busy moment, filled up with customers, calls and
tickets. Ada, who is in a talk, opens the pages whole; Lena opens the live page.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from figures import figure, tell
from many_tickets import fill

TICKETS = int(os.environ.get("BENCH_TICKETS", "100000"))
ROUNDS = 40
#: milliseconds of the server, shell and phone bar included
LIMIT = 100.0
#: of lists and of the search
LIMITS = {"list": 60.0, "search": 80.0}
#: nineteen of twenty lists
LIST_P95 = 120.0
QUERIES = 20


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
    from django.test import Client

    from helpline.conf.demo import load
    from helpline.conf.tests.busy_desk import busy
    from helpline.core.clock import SYSTEM

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    load(SYSTEM)
    scene = busy(SYSTEM)
    fill(TICKETS, SYSTEM.now())
    only = sys.argv[1:]
    for name, (who, address) in pages(scene).items():
        if only and name not in only:
            continue
        client = Client()
        client.force_login(scene.people[who])
        for line in figures(name, *measure(client, address)):
            tell(line)


def figures(name: str, took: list[float], spent: list[float], queries: int) -> list[dict[str, Any]]:
    """The lines of one page. On a busy machine the clock tells of its other work too, the processor's time hardly."""
    from django.db import connection

    place = {"tickets": TICKETS, "database": connection.vendor}
    kind = name.partition("_")[0]
    p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[18]
    cpu = {"cpu_p50": round(statistics.median(spent), 1), "queries": queries}
    limit = LIMITS.get(kind, LIMIT)
    lines = [figure(f"page_{name}_p50", p50, "ms", limit=limit, p95=round(p95, 1), **cpu, **place)]
    if kind == "list":
        cpu_p95 = round(statistics.quantiles(spent, n=20)[18], 1)
        lines.append(figure(f"page_{name}_p95", p95, "ms", limit=LIST_P95, cpu_p95=cpu_p95, **place))
    if name == "ticket":
        lines.append(figure("page_ticket_queries", queries, "queries", limit=QUERIES, **place))
    return lines


def main() -> None:
    with tempfile.TemporaryDirectory() as data:
        os.environ |= {"HELPLINE_DATA": data, "DJANGO_SETTINGS_MODULE": "helpline.conf.settings"}
        import django

        django.setup()
        run()


if __name__ == "__main__":
    main()
