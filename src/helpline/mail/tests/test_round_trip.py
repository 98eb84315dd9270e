"""A real message goes out over SMTP, comes back as a ticket, and its answer joins it; or the page says where it was lost."""

import socket
from collections.abc import Iterator
from queue import Queue
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session
from django.test import Client

from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict
from helpline.customers.models import Contact
from helpline.mail import actions
from helpline.mail.address import marks, round_trip
from helpline.mail.models import (
    CheckState,
    Inbound,
    Mailbox,
    Outbound,
    OutboundState,
    RoundTrip,
    Sending,
    Way,
)
from helpline.mail.outgoing import sending
from helpline.mail.parsing.parse import parse
from helpline.mail.tests.factories import arrive, mail
from helpline.people.tests.factories import DeskFactory, UserFactory, actor
from helpline.tickets.models import StatusKind, Ticket


class Server:
    """A mail server that keeps what it is given; `says` answers instead when it is set."""

    def __init__(self) -> None:
        self.given: Queue[bytes] = Queue()
        self.says = ""

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:
        if self.says:
            return self.says
        self.given.put(bytes(envelope.content or b""))
        return "250 taken"


@pytest.fixture
def server(support: Mailbox) -> Iterator[Server]:
    handler = Server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    facts = {"host": "127.0.0.1", "port": port, "security": "none"}
    Sending.objects.create(mailbox=support, way=Way.SMTP, facts=facts)
    yield handler
    controller.stop()


def send(trip: RoundTrip, leg: int, clock: SetClock) -> str:
    """The worker sends the letter of this leg."""
    trip.refresh_from_db()
    clock.advance(1)
    return sending.send(Outbound.objects.get(pk=trip.letters[str(leg)]).pk, clock=clock)


def fetched(mailbox: Mailbox, server: Server, clock: SetClock) -> Inbound:
    """What the server has is fetched into the mailbox and filed."""
    clock.advance(2)
    return arrive(mailbox, server.given.get(timeout=20), clock)


def test_there_and_back(support: Mailbox, server: Server, clock: SetClock) -> None:
    trip = actions.start_round_trip(actor("lena", Role.LEAD), support, clock=clock)
    assert send(trip, 1, clock) == OutboundState.SENT
    first = fetched(support, server, clock)
    assert (first.verdict, first.machine) == ("ticket", "test")
    assert send(trip, 2, clock) == OutboundState.SENT
    answer = fetched(support, server, clock)
    assert (answer.verdict, answer.joined_by, answer.ticket) == ("reply", "own_id", first.ticket)
    trip.refresh_from_db()
    assert (trip.state, trip.trouble, trip.inbound, trip.ticket) == (CheckState.DONE, "", first, first.ticket)
    assert set(trip.steps) == set(round_trip.STEPS) - {"sent", "answer_sent"}
    times = [trip.steps[step] for step in round_trip.STEPS if step in trip.steps]
    assert times == sorted(times)
    assert Ticket.objects.get().status == StatusKind.CLOSED
    assert not Contact.objects.exists()
    assert Outbound.objects.count() == 2, "nothing was answered by itself"


def test_the_page_shows_the_steps(support: Mailbox, server: Server, clock: SetClock) -> None:
    lena = Client()
    lena.force_login(UserFactory(username="lena", roles=[(DeskFactory(), Role.LEAD)]))
    path = "/mail/boxes/support/address/"
    assert lena.post("/mail/boxes/support/round-trip/")["Location"] == path
    trip = RoundTrip.objects.get()
    Outbound.objects.update(next_try_at=clock.now())
    assert lena.post("/mail/boxes/support/round-trip/").status_code == 409
    page = lena.get(f"{path}?part=trip").content.decode()
    assert page.count('aria-label="done"') == 1
    assert page.count('aria-label="under way"') == 1
    send(trip, 1, clock)
    fetched(support, server, clock)
    send(trip, 2, clock)
    fetched(support, server, clock)
    page = lena.get(f"{path}?part=trip").content.decode()
    assert page.count('aria-label="done"') == len(round_trip.STEPS)
    assert "It works" in page


def test_a_server_that_refuses(support: Mailbox, server: Server, clock: SetClock) -> None:
    trip = actions.start_round_trip(actor("lena", Role.LEAD), support, clock=clock)
    server.says = "550 5.7.1 relaying denied"
    send(trip, 1, clock)
    round_trip.give_up(clock)
    trip.refresh_from_db()
    assert (trip.state, trip.trouble) == (CheckState.FAILED, "not_sent")
    assert "relaying denied" in trip.detail


def test_one_that_never_comes_back_is_given_up(support: Mailbox, server: Server, clock: SetClock) -> None:
    trip = actions.start_round_trip(actor("lena", Role.LEAD), support, clock=clock)
    send(trip, 1, clock)
    round_trip.give_up(clock)
    trip.refresh_from_db()
    assert trip.state == CheckState.RUNNING
    clock.advance(round_trip.PATIENCE.total_seconds())
    round_trip.give_up(clock)
    trip.refresh_from_db()
    assert (trip.state, trip.trouble) == (CheckState.FAILED, "late")
    late = fetched(support, server, clock)
    trip.refresh_from_db()
    assert (late.machine, trip.state) == ("test", CheckState.FAILED)
    actions.start_round_trip(actor("ben", Role.LEAD), support, clock=clock)


def test_an_answer_whose_headers_were_lost(support: Mailbox, server: Server, clock: SetClock) -> None:
    trip = actions.start_round_trip(actor("lena", Role.LEAD), support, clock=clock)
    send(trip, 1, clock)
    fetched(support, server, clock)
    send(trip, 2, clock)
    raw = server.given.get(timeout=20)
    arrive(support, raw.replace(b"In-Reply-To:", b"X-Gone:").replace(b"References:", b"X-Gone-Too:"), clock)
    trip.refresh_from_db()
    assert (trip.state, trip.trouble) == (CheckState.FAILED, "not_joined")


def test_one_at_a_time(support: Mailbox, clock: SetClock) -> None:
    lena = actor("lena", Role.LEAD)
    actions.start_round_trip(lena, support, clock=clock)
    with pytest.raises(Conflict, match="under way"):
        actions.start_round_trip(lena, support, clock=clock)


def test_nobody_else_can_write_a_test_message(support: Mailbox, clock: SetClock) -> None:
    trip = actions.start_round_trip(actor("lena", Role.LEAD), support, clock=clock)
    proven = marks.mark(trip.pk, 1)
    assert marks.recognise(parse(mail(f"Hello {proven} there"))) == (trip.pk, 1)
    for forged in (
        proven.replace(".1.", ".2."),
        proven[:-3] + "aa]",
        proven.replace(str(trip.pk)[:8], "0" * 8),
    ):
        assert marks.recognise(parse(mail(forged))) is None
