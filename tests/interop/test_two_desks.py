"""Two installations of Helpline that answer by themselves write to each other, over their real doors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.peers.database import own_database
from tests.peers.desk import Desk
from tests.peers.ports import free_port

pytestmark = [pytest.mark.peer, pytest.mark.slow]

#: automatic replies to one address in an hour, as both desks set it
MOST = 2
#: mails each desk writes to the other at the beginning
WRITTEN = 4
UNDER_WAY = ("held", "queued", "sending", "deferred")

_SET_UP = """
from helpline.core.access import SYSTEM
from helpline.mail.actions import set_limits
from helpline.mail.models import Mailbox
Mailbox.objects.filter(name="support").update(address="{address}")
desk = Mailbox.objects.get(name="support").desk
set_limits(SYSTEM, desk, per_hour={most}, per_day={most}, per_ticket=1, desk_per_hour=100)
"""


class House:
    """One of the two. `address` is where people write to it."""

    def __init__(self, desk: Desk, address: str) -> None:
        self.desk, self.address = desk, address

    def writes_to(self, other: House, number: int) -> None:
        """Ada asks the other desk about a ticket of hers."""
        ticket = self.desk.api("POST", "/tickets", {"desk": "acme", "subject": f"Order {number}"}, user="ada")
        letter = {"text": f"What became of order {number}?", "to": [other.address]}
        self.desk.api("POST", f"/tickets/{ticket['id']}/reply", letter, user="ada")

    def received(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.desk.api("GET", "/inbound?limit=200", user="ada")["items"]
        return rows

    def sent(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.desk.api("GET", "/outbound?limit=200", user="ada")["items"]
        return [one for one in rows if one["kind"] in ("reply", "auto_reply")]

    def replied(self) -> int:
        """How often it answered by itself."""
        return sum(one["kind"] == "auto_reply" for one in self.sent())


@pytest.fixture
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, House]]:
    """Each sends by SMTP to the door of the other."""
    ports = free_port(), free_port()
    with ExitStack() as stack:
        found = []
        for name, mine, theirs in (("one", *ports), ("two", *reversed(ports))):
            told = {"HELPLINE_SMTP_PORT": str(mine), "HELPLINE_SMTP_URL": f"smtp://127.0.0.1:{theirs}"}
            desk = stack.enter_context(Desk(tmp_path_factory.mktemp(name), **told, **own_database()))
            house = House(desk, f"support@{name}.example")
            desk.command("shell", "-c", _SET_UP.format(address=house.address, most=MOST))
            found.append(house)
        yield found[0], found[1]


class Rest:
    """True once nothing is under way between the two, and nothing came up since the look before."""

    def __init__(self, one: House, two: House) -> None:
        self._pair = (one, two)
        self._before: list[int] = []

    def __call__(self) -> bool:
        sent, received = [house.sent() for house in self._pair], [house.received() for house in self._pair]
        states = Counter(row["state"] for rows in sent for row in rows)
        waits = any(row["verdict"] == "waiting" for rows in received for row in rows)
        now = [len(rows) for rows in (*sent, *received)]
        still = now == self._before
        self._before = now
        arrived = now[0] == now[3] and now[1] == now[2]
        return still and arrived and not waits and not any(states[each] for each in UNDER_WAY)


def test_each_answers_a_bounded_number_of_times_then_all_is_quiet(houses: tuple[House, House]) -> None:
    one, two = houses
    for number in range(WRITTEN):
        one.writes_to(two, number)
        two.writes_to(one, number)
    one.desk.eventually(Rest(one, two), 60, "the two desks to come to rest")
    for house, other in ((one, two), (two, one)):
        assert 1 <= house.replied() <= MOST
        assert {row["state"] for row in house.sent()} == {"sent"}
        rows = house.received()
        assert len(rows) == WRITTEN + other.replied()
        verdicts = Counter((row["verdict"], row["machine"]) for row in rows)
        assert verdicts["ticket", None] == WRITTEN
        assert sum(count for (_verdict, machine), count in verdicts.items() if machine) == other.replied()
