"""How pages and search grow from 100,000 to 1,000,000 tickets: `pages.py` at both, then what the one takes of the other.

Takes some ten minutes on a quiet machine, most of it the copying. Names behind it measure only these pages. On SQLite, or on the
database of HELPLINE_DATABASE_URL, which must be fresh: scripts/with-postgres .venv/bin/python bench/million.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from figures import figure, tell

PAGES = Path(__file__).parent / "pages.py"
FEW, MANY = 100_000, 1_000_000
#: at ten times as many tickets
GROWTH = 1.5


def main() -> int:
    few, many = measured(FEW), measured(MANY)
    for name, before in few.items():
        if name.endswith("_p50") and name in many:
            tell(growth(name.removesuffix("_p50"), before, many[name]))
    pages = {name for name in few if name.startswith("page_")}
    return 0 if pages and pages <= many.keys() else 1


def growth(name: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """By our processor's time: between the two the clock tells most of what else the machine does. PostgreSQL works in
    processes of its own, so there it is the clock."""
    cpu = after["cpu_p50"] / before["cpu_p50"]
    clock = after["value"] / before["value"]
    both = {"by_the_clock": round(clock, 2), "by_our_processor": round(cpu, 2), "database": after["database"]}
    ratio = clock if after["database"] == "postgresql" else cpu
    return figure(f"{name}_growth", ratio, "times", limit=GROWTH, **both)


def measured(tickets: int) -> dict[str, dict[str, Any]]:
    """The lines of the pages at so many tickets, printed as they come; by name. Raises when they end with an error."""
    settings = {**os.environ, "BENCH_TICKETS": str(tickets)}
    found: dict[str, dict[str, Any]] = {}
    with (
        tempfile.TemporaryDirectory() as data,
        subprocess.Popen(
            [sys.executable, str(PAGES), *sys.argv[1:]],
            stdout=subprocess.PIPE,
            text=True,
            env={**settings, "HELPLINE_DATA": data, **database(tickets)},
        ) as running,
    ):
        for text in running.stdout or ():
            line = json.loads(text)
            found[line["name"]] = line
            print(text, end="", flush=True)
    if running.returncode:
        raise SystemExit(f"pages.py at {tickets} tickets ended with {running.returncode}")
    return found


def database(tickets: int) -> dict[str, str]:
    """PostgreSQL: a database of its own for each, since a desk is filled once."""
    url = os.environ.get("HELPLINE_DATABASE_URL", "")
    if not url.startswith("postgres"):
        return {}
    import psycopg
    from psycopg import sql

    name = f"helpline_{tickets}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return {"HELPLINE_DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}


if __name__ == "__main__":
    sys.exit(main())
