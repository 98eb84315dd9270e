"""Letters leave: over a real mail server that takes, refuses, is busy, breaks off, and over senders that die."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult

from helpline.core.access import Actor, Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict
from helpline.core.sealed import seal
from helpline.mail import actions
from helpline.mail.models import Mailbox, Outbound, OutboundKind, OutboundState, Sending, Way
from helpline.mail.outgoing import concluding, delivery, routes, sending
from helpline.mail.outgoing import jobs as sending_jobs
from helpline.mail.tests.factories import arrive, mail
from helpline.mail.tests.post_office import PostOffice, free_port, open_office
from helpline.mail.transports.envelope import Answer, Fate
from helpline.people.tests.factories import actor
from helpline.tickets.models import Item, StatusKind, Ticket

S = OutboundState


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it."""


@pytest.fixture(scope="module")
def server() -> Iterator[PostOffice]:
    with open_office() as opened:
        yield opened


@pytest.fixture
def office(server: PostOffice, support: Mailbox) -> PostOffice:
    server.taken.clear()
    server.at_end = "250 2.0.0 taken"
    server.when_begun = lambda: None
    facts = {"host": "127.0.0.1", "port": server.port, "security": "none"}
    Sending.objects.create(mailbox=support, way=Way.SMTP, facts=facts)
    return server


@pytest.fixture
def ada(support: Mailbox) -> Actor:
    return actor("ada", Role.AGENT, desk=support.desk)


@pytest.fixture
def ticket(support: Mailbox, clock: SetClock) -> Ticket:
    row = arrive(support, mail(), clock)
    assert row.ticket is not None
    return row.ticket


def reply(ada: Actor, ticket: Ticket, clock: SetClock, **more: Any) -> Outbound:
    return actions.queue_reply(
        ada, ticket, **{"text": "Use water.", "hold_seconds": 0, "clock": clock, **more}
    )


def now(outbound: Outbound) -> Outbound:
    return Outbound.objects.get(pk=outbound.pk)


def send(outbound: Outbound, clock: SetClock) -> OutboundState:
    return sending.send(outbound.pk, clock=clock)


def test_a_letter_leaves_once(office: PostOffice, ticket: Ticket, ada: Actor, clock: SetClock) -> None:
    outbound = reply(ada, ticket, clock, text="Use water.\n.\n..and a dot", cc="eva@acme.example")
    assert [send(outbound, clock), send(outbound, clock)] == [S.SENT, S.SENT]
    assert office.addresses == [["carl@acme.example", "eva@acme.example"]]
    assert office.letters[0]["Message-ID"] == outbound.letter.message_id
    assert office.letters[0].get_content().splitlines() == ["Use water.", ".", "..and a dot"]
    row = now(outbound)
    assert (row.sent_at, row.code, row.tries, row.in_doubt) == (clock.now(), "250 2.0.0", 1, False)


def test_it_is_held_for_a_moment_and_leaves_then(
    office: PostOffice, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    outbound = reply(ada, ticket, clock, hold_seconds=15)
    assert send(outbound, clock) == S.HELD
    clock.advance(15)
    assert send(outbound, clock) == S.SENT
    with pytest.raises(Conflict) as late:
        actions.undo(ada, outbound, clock=clock)
    assert late.value.code == "left"


def test_what_was_taken_back_never_leaves(
    office: PostOffice, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    outbound = reply(ada, ticket, clock, hold_seconds=15)
    actions.undo(ada, outbound, clock=clock)
    clock.advance(3600)
    sending_jobs.sweep(clock)
    assert send(outbound, clock) == S.UNDONE
    assert office.taken == []


def test_a_busy_server_is_asked_again_for_three_days(
    office: PostOffice, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    outbound = reply(ada, ticket, clock, to="busy@acme.example", then_status=StatusKind.WAITING_CUSTOMER)
    waits = []
    while send(outbound, clock) == S.DEFERRED:
        row = now(outbound)
        assert row.next_try_at is not None
        waits.append((row.next_try_at - clock.now()).total_seconds() / 60)
        clock.advance(waits[-1] * 60)
    assert waits[:8] == [5, 10, 20, 40, 80, 160, 240, 240]
    row = now(outbound)
    assert (row.state, row.code, row.detail) == (S.FAILED, "451 4.3.0", "try later")
    assert clock.now() - row.queued_at >= timedelta(days=3)
    ticket.refresh_from_db()
    assert ticket.status == StatusKind.OPEN
    note = Item.objects.filter(ticket=ticket, kind="note").get()
    assert "busy@acme.example did not arrive: 451" in note.body


def test_a_refused_letter_fails_at_once_and_can_be_sent_again(
    office: PostOffice, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    outbound = reply(ada, ticket, clock, cc="gone@acme.example")
    assert send(outbound, clock) == S.FAILED
    fates = {one.address: (one.state, one.code) for one in outbound.recipients.all()}
    assert fates == {"carl@acme.example": ("sent", "250 2.0.0"), "gone@acme.example": ("failed", "550 5.1.1")}
    assert "gone@acme.example" in Item.objects.filter(ticket=ticket, kind="note").get().body
    actions.resend(ada, outbound, clock=clock)
    outbound.recipients.filter(address="gone@acme.example").update(address="back@acme.example")
    assert send(outbound, clock) == S.SENT
    assert office.addresses == [["carl@acme.example"], ["back@acme.example"]]
    assert len({one["Message-ID"] for one in office.letters}) == 1
    with pytest.raises(Conflict):
        actions.resend(ada, outbound, clock=clock)


@pytest.mark.parametrize(
    ("at_end", "state", "code"),
    [
        ("451 4.7.1 greylisted", S.DEFERRED, "451 4.7.1"),
        ("554 5.7.1 spam", S.FAILED, "554 5.7.1"),
        ("421 4.3.2 closing", S.DEFERRED, "421 4.3.2"),
    ],
)
def test_the_answer_to_the_letter_counts(
    office: PostOffice, ticket: Ticket, ada: Actor, clock: SetClock, at_end: str, state: str, code: str
) -> None:
    office.at_end = at_end
    outbound = reply(ada, ticket, clock)
    assert send(outbound, clock) == state
    assert (now(outbound).code, now(outbound).in_doubt) == (code, False)


def test_a_connection_lost_before_the_end_leaves_no_doubt(
    office: PostOffice, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    outbound = reply(ada, ticket, clock, to="drop@acme.example")
    assert send(outbound, clock) == S.DEFERRED
    assert now(outbound).in_doubt is False


def test_one_lost_at_the_last_moment_does(
    office: PostOffice, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    office.at_end = "drop"
    outbound = reply(ada, ticket, clock)
    notice = actions.queue_notice(outbound.mailbox, "ada@acme.example", "New", "Look.", clock=clock)
    assert [send(outbound, clock), send(notice, clock)] == [S.DEFERRED, S.FAILED]
    assert (now(outbound).in_doubt, now(notice).in_doubt) == (True, True)
    assert "may have arrived" in delivery.render_delivery(outbound.letter.item)
    office.at_end = "250 ok"
    clock.advance(300)
    assert send(outbound, clock) == S.SENT
    first, again = (one["Message-ID"] for one in office.letters if one["To"] != "ada@acme.example")
    assert first == again
    assert "may have arrived twice" in delivery.render_delivery(outbound.letter.item)


def test_a_server_out_of_order_keeps_all_its_letters_waiting(
    support: Mailbox, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    facts = {"host": "127.0.0.1", "port": free_port(), "security": "none"}
    Sending.objects.create(mailbox=support, way=Way.SMTP, facts=facts)
    first, second = reply(ada, ticket, clock), reply(ada, ticket, clock)
    assert send(first, clock) == S.DEFERRED
    assert send(second, clock) == S.QUEUED
    assert now(second).tries == 0
    assert "refused" in now(first).detail


def test_a_password_that_cannot_be_read_fails_no_letter(
    support: Mailbox, ticket: Ticket, ada: Actor, clock: SetClock, settings: Any
) -> None:
    facts = {"host": "127.0.0.1", "port": free_port()}
    Sending.objects.create(mailbox=support, way=Way.SMTP, facts=facts, secret=seal("x"))
    settings.SECRET_KEY = "another one, as after a restored backup"
    outbound = reply(ada, ticket, clock)
    assert send(outbound, clock) == S.DEFERRED
    assert "type it anew" in now(outbound).detail


class TestSenderDies:
    """kill -9 of the worker, at each point of the way."""

    def die(self, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
        def killed(*_args: object, **_more: object) -> None:
            raise Killed

        monkeypatch.setattr(where, killed)

    def test_before_the_letter_is_handed_over(
        self,
        office: PostOffice,
        ticket: Ticket,
        ada: Actor,
        clock: SetClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        outbound = reply(ada, ticket, clock)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            self.die(patch, "helpline.mail.outgoing.sending._Turn._hand")
            send(outbound, clock)
        assert (now(outbound).state, office.taken) == (S.SENDING, [])
        sending_jobs.sweep(clock)
        assert now(outbound).state == S.SENDING
        clock.advance(181)
        sending_jobs.sweep(clock)
        assert send(outbound, clock) == S.SENT
        assert (len(office.taken), now(outbound).in_doubt) == (1, False)

    @pytest.mark.parametrize(("kind", "times"), [(OutboundKind.REPLY, 2), (OutboundKind.AUTO_REPLY, 1)])
    def test_after_the_server_took_it(
        self,
        office: PostOffice,
        ticket: Ticket,
        ada: Actor,
        clock: SetClock,
        monkeypatch: pytest.MonkeyPatch,
        kind: OutboundKind,
        times: int,
    ) -> None:
        outbound = reply(ada, ticket, clock, kind=kind)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            self.die(patch, "helpline.mail.outgoing.concluding.conclude")
            send(outbound, clock)
        assert len(office.taken) == 1
        clock.advance(181)
        sending_jobs.sweep(clock)
        final = send(outbound, clock)
        assert (len(office.taken), now(outbound).in_doubt) == (times, True)
        assert len({one["Message-ID"] for one in office.letters}) == 1
        assert final == (S.SENT if times == 2 else S.FAILED)

    def test_an_answer_proves_that_it_arrived(
        self,
        office: PostOffice,
        ticket: Ticket,
        ada: Actor,
        clock: SetClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        outbound = reply(ada, ticket, clock)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            self.die(patch, "helpline.mail.outgoing.concluding.conclude")
            send(outbound, clock)
        arrive(
            outbound.mailbox, mail("Thanks", message_id="<2@x>", answers=outbound.letter.message_id), clock
        )
        clock.advance(181)
        sending_jobs.sweep(clock)
        assert (now(outbound).state, now(outbound).in_doubt, len(office.taken)) == (S.SENT, False, 1)

    def test_a_slow_sender_that_was_given_up_hands_nothing_over(
        self, office: PostOffice, ticket: Ticket, ada: Actor, clock: SetClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        outbound = reply(ada, ticket, clock)
        straight = sending._Turn._hand

        def late(turn: sending._Turn) -> None:
            clock.advance(181)
            sending.recover(clock)
            straight(turn)

        with monkeypatch.context() as patch:
            patch.setattr(sending._Turn, "_hand", late)
            assert send(outbound, clock) == S.SENDING
        assert office.taken == []
        assert now(outbound).state == S.DEFERRED
        assert send(outbound, clock) == S.SENT
        assert len(office.taken) == 1


def test_two_workers_send_one_letter_once(
    office: PostOffice, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    outbound = reply(ada, ticket, clock)
    seen: list[OutboundState] = []

    def meanwhile(turn: object) -> None:
        seen.append(OutboundState(now(outbound).state))
        seen.append(
            OutboundState.SENDING if not sending._claimed(outbound.pk, outbound.pk, clock) else S.QUEUED
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending._Turn, "_keep", meanwhile)
        assert send(outbound, clock) == S.SENT
    assert seen == [S.SENDING, S.SENDING]
    assert len(office.taken) == 1


def test_without_a_server_the_letter_is_a_file(
    support: Mailbox, ticket: Ticket, ada: Actor, clock: SetClock, settings: Any
) -> None:
    outbound = reply(ada, ticket, clock)
    assert routes.route_of(support).way == Way.FOLDER
    assert send(outbound, clock) == S.SENT
    file = settings.ENV.data / "mail" / "outbox" / f"{outbound.pk}.eml"
    assert b"Use water." in file.read_bytes()
    file.unlink()
    html = delivery.render_delivery(outbound.letter.item)
    assert "Kept in the outbox folder" in html
    assert "sent to nobody" in html


def test_what_the_worker_forgot_is_handed_out_again(
    office: PostOffice, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    reply(ada, ticket, clock)
    jobs = DBTaskResult.objects.filter(task_path="helpline.mail.outgoing.jobs.send_outbound")
    jobs.delete()
    clock.advance(59)
    sending_jobs.sweep(clock)
    assert jobs.count() == 0
    clock.advance(2)
    sending_jobs.sweep(clock)
    sending_jobs.sweep(clock)
    assert jobs.count() == 1


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("smtp://u:p%40ss@mx.example.org", ("mx.example.org", 587, "starttls", "u", "p@ss")),
        ("smtps://mx.example.org", ("mx.example.org", 465, "tls", "", "")),
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "none", "", "")),
        ("smtp://mx.example.org:26?security=none", ("mx.example.org", 26, "none", "", "")),
    ],
)
def test_the_setting_of_the_installation(url: str, where: tuple[object, ...]) -> None:
    found = routes.of_url(url)
    assert isinstance(found, routes.SmtpTransport)
    assert (found.host, found.port, found.security, found.user, found.password) == where
    assert "ss" not in repr(found).replace("ssl_context", "")


@pytest.mark.parametrize("url", ["smtp://", "ftp://x", "smtp://h?security=some"])
def test_a_setting_that_names_no_way(url: str) -> None:
    with pytest.raises(ValueError, match=r"give|security"):
        routes.of_url(url)


def test_the_wait_grows_to_four_hours() -> None:
    assert [concluding.wait_after(tries).total_seconds() / 60 for tries in (1, 2, 6, 7, 300)] == [
        *(5, 10, 160, 240, 240)
    ]
    assert Answer(Fate.LATER).code == ""
