"""Ada answers, and the answer is known again."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest

from helpline.core.access import SYSTEM, Actor, Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.customers.models import Contact, EmailAddress
from helpline.mail import actions, queries
from helpline.mail.models import (
    Attachment,
    JoinedBy,
    KnownId,
    Mailbox,
    Outbound,
    OutboundKind,
    OutboundState,
    Participant,
    Sending,
    Verdict,
)
from helpline.mail.outgoing import compose, sheets
from helpline.mail.tests.factories import arrive, mail
from helpline.people.tests.factories import actor
from helpline.tickets import actions as tickets
from helpline.tickets.models import Item, StatusKind, Ticket

PICTURE = b"\x89PNG\r\n\x1a\nnot really"


@pytest.fixture
def ada(support: Mailbox) -> Actor:
    return actor("ada", Role.AGENT, desk=support.desk)


@pytest.fixture
def ticket(support: Mailbox, clock: SetClock) -> Ticket:
    row = arrive(support, mail(), clock)
    assert row.ticket is not None
    return row.ticket


def travels(outbound: Outbound) -> EmailMessage:
    """The letter as a mail program at the other end reads it."""
    raw = compose.composed(sheets.sheet_of(Outbound.objects.get(pk=outbound.pk)))
    return cast(EmailMessage, message_from_bytes(raw, policy=default))


def test_an_answer_goes_to_who_wrote_and_names_the_letter(
    ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    outbound = actions.queue_reply(ada, ticket, text="Use water.", clock=clock)
    said = travels(outbound)
    assert str(said["From"]) == f"{ticket.desk.name} <support@desk.example>"
    assert str(said["To"]) == "Carl Jansen <carl@acme.example>"
    assert said["Subject"] == "Re: Printer"
    assert said["In-Reply-To"] == said["References"] == "<first@acme.example>"
    assert said.get_content().splitlines() == ["Use water."]
    assert said["Auto-Submitted"] is None
    assert outbound.state == OutboundState.HELD
    item = Item.objects.get(letter__outbound=outbound)
    assert (item.ticket, item.kind, item.body, item.author_id) == (ticket, "mail", "Use water.", ada.user_id)
    assert queries.outbound_of(ticket) == {item.pk: outbound}
    ticket.refresh_from_db()
    assert ticket.first_response_at == clock.now()


def test_his_reply_to_it_is_known_without_a_number(
    support: Mailbox, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    said = travels(actions.queue_reply(ada, ticket, text="Use water.", clock=clock))
    reply = mail("It helped.", message_id="<2@x>", subject="so", answers=str(said["Message-ID"]))
    row = arrive(support, reply, clock)
    assert (row.verdict, row.joined_by, row.ticket) == (Verdict.REPLY, JoinedBy.OWN_ID, ticket)


def test_the_address_to_answer_to_names_the_ticket_by_itself(
    support: Mailbox, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    Sending.objects.create(mailbox=support, plus=True)
    said = travels(actions.queue_reply(ada, ticket, text="Use water.", clock=clock))
    address = said["Reply-To"].addresses[0].addr_spec
    assert address.startswith("support+t.")
    row = arrive(support, mail("From my phone", message_id="<3@x>", subject="", to=address), clock)
    assert (row.joined_by, row.ticket) == (JoinedBy.PLUS_ADDRESS, ticket)


def test_html_travels_with_its_text_pictures_and_files(ticket: Ticket, ada: Actor, clock: SetClock) -> None:
    picture = actions.OutgoingFile.keep("knob.png", "image/png", PICTURE, content_id="knob")
    paper = actions.OutgoingFile.keep("plan.pdf", "application/pdf", b"%PDF")
    outbound = actions.queue_reply(
        ada,
        ticket,
        html='<p>Turn <b>this</b>:</p><img src="cid:knob"><script>alert(1)</script><img src="https://spy/x.png">',
        attachments=[picture, paper],
        clock=clock,
    )
    said = travels(outbound)
    assert said.get_content_type() == "multipart/mixed"
    page = said.get_body(("html",))
    plain = said.get_body(("plain",))
    assert page is not None
    assert plain is not None
    assert '<img src="cid:knob">' in page.get_content()
    assert "script" not in page.get_content()
    assert "spy" not in page.get_content()
    assert plain.get_content().strip().startswith("Turn this:")
    inner = next(one for one in said.walk() if one.get_content_type() == "image/png")
    assert (inner["Content-ID"], inner.get_content()) == ("<knob>", PICTURE)
    assert [one.get_filename() for one in said.iter_attachments()] == ["plan.pdf"]
    assert f'<img src="/mail/out/{outbound.pk}/parts/0/">' in outbound.letter.html
    assert Attachment.objects.filter(letter=outbound.letter, inline=True).count() == 1


@pytest.mark.parametrize("harm", ["Hi\r\nBcc: all@acme.example", "Hi\nX-Harm: 1", "a\x00b\u2028c\x0bd"])
def test_nothing_starts_a_header_of_its_own(
    support: Mailbox, ticket: Ticket, ada: Actor, clock: SetClock, harm: str
) -> None:
    actions.set_sending(SYSTEM, support, actions.SendingFacts(name=harm))
    files = [
        actions.OutgoingFile.keep(harm, harm, b"x"),
        actions.OutgoingFile.keep("p", "image/png", b"y", harm),
    ]
    outbound = actions.queue_reply(
        ada, ticket, text=harm, html="<p>x</p>", subject=harm, attachments=files, clock=clock
    )
    said = travels(outbound)
    assert set(said.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"),
        *("MIME-Version", "Content-Type"),
    }
    for part in said.walk():
        assert {name.lower() for name in part} & {"bcc", "x-harm"} == set()


@pytest.mark.parametrize(
    "to", ["carl@acme.example\r\nBcc: x@y.example", "nobody", "a b@c.d", "<>", "@x", ["ok@x.example", "no"]]
)
def test_what_is_no_address_is_refused(
    ticket: Ticket, ada: Actor, clock: SetClock, to: str | list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.queue_reply(ada, ticket, text="x", to=to, clock=clock)
    assert refused.value.code == "address"
    assert not Outbound.objects.exists()


def test_our_own_address_gets_none_of_our_mail(ticket: Ticket, ada: Actor, clock: SetClock) -> None:
    outbound = actions.queue_reply(
        ada,
        ticket,
        text="x",
        cc=["Support@desk.example", "support+x@desk.example", "Eva <eva@acme.example>"],
        clock=clock,
    )
    assert [one.address for one in outbound.recipients.all()] == ["carl@acme.example", "eva@acme.example"]
    assert Participant.objects.filter(ticket=ticket, address="eva@acme.example").exists()
    with pytest.raises(Invalid, match="Nobody would get"):
        actions.queue_reply(ada, ticket, text="x", to="support@desk.example", clock=clock)


def test_a_ticket_of_a_call_is_answered_at_the_address_of_the_requester(
    support: Mailbox, ada: Actor, clock: SetClock
) -> None:
    carl = Contact.objects.create(desk=support.desk, name="Carl Jansen", created_at=clock.now())
    ticket = tickets.open_ticket(ada, support.desk, "VPN", requester=carl, clock=clock)
    with pytest.raises(Invalid, match="Nobody would get"):
        actions.queue_reply(ada, ticket, text="x", clock=clock)
    EmailAddress.objects.create(contact=carl, address="carl@acme.example")
    said = travels(actions.queue_reply(ada, ticket, text="x", clock=clock))
    assert (str(said["To"]), said["Subject"]) == ("Carl Jansen <carl@acme.example>", "Re: VPN")


def test_a_desk_without_a_mailbox_says_so(support: Mailbox, ada: Actor, clock: SetClock) -> None:
    ticket = tickets.open_ticket(ada, support.desk, "VPN", clock=clock)
    support.delete()
    with pytest.raises(Invalid) as refused:
        actions.queue_reply(ada, ticket, text="x", to="carl@acme.example", clock=clock)
    assert refused.value.code == "no_mailbox"


def test_an_empty_mail_is_refused(ticket: Ticket, ada: Actor, clock: SetClock) -> None:
    with pytest.raises(Invalid, match="empty"):
        actions.queue_reply(ada, ticket, html="<p> </p><script>x</script>", clock=clock)


def test_a_forward_answers_nothing_and_its_answer_joins(
    support: Mailbox, ticket: Ticket, ada: Actor, clock: SetClock
) -> None:
    said = travels(
        actions.queue_reply(
            ada, ticket, text="Can you look?", to="vendor@fix.example", kind=OutboundKind.FORWARD, clock=clock
        )
    )
    assert (said["Subject"], said["In-Reply-To"], said["References"]) == ("Fwd: Printer", None, None)
    back = mail("Yes", sender="vendor@fix.example", message_id="<v@fix>", answers=str(said["Message-ID"]))
    assert arrive(support, back, clock).ticket == ticket


def test_taken_back_in_time_it_never_was(ticket: Ticket, ada: Actor, clock: SetClock) -> None:
    paper = actions.OutgoingFile.keep("plan.pdf", "application/pdf", b"%PDF")
    outbound = actions.queue_reply(
        ada,
        ticket,
        html="<p>Use <i>oil</i>.</p>",
        cc="Eva <eva@acme.example>",
        attachments=[paper],
        then_status=StatusKind.WAITING_CUSTOMER,
        clock=clock,
    )
    assert ticket.status == StatusKind.WAITING_CUSTOMER
    unsent = actions.undo(ada, outbound, clock=clock)
    assert (unsent.html, unsent.text) == ("<p>Use <i>oil</i>.</p>", "Use oil.")
    assert (unsent.to, unsent.cc) == (('"Carl Jansen" <carl@acme.example>',), ('"Eva" <eva@acme.example>',))
    assert unsent.files == (paper,)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.first_response_at) == (StatusKind.NEW, None)
    assert not Item.objects.filter(ticket=ticket, author_id=ada.user_id, kind="mail").exists()
    assert not KnownId.objects.filter(letter=outbound.letter).exists()
    assert not Participant.objects.filter(ticket=ticket, address="eva@acme.example").exists()
    assert Participant.objects.filter(ticket=ticket, address="carl@acme.example").exists()
    with pytest.raises(Conflict):
        actions.undo(ada, outbound, clock=clock)


def test_who_may_take_it_back(support: Mailbox, ticket: Ticket, ada: Actor, clock: SetClock) -> None:
    outbound = actions.queue_reply(ada, ticket, text="x", clock=clock)
    with pytest.raises(NotAllowed):
        actions.undo(actor("ben", Role.AGENT, desk=support.desk), outbound, clock=clock)
    with pytest.raises(NotAllowed):
        actions.undo(actor("mia", Role.MANAGER, desk=support.desk), outbound, clock=clock)
    actions.undo(actor("lena", Role.LEAD, desk=support.desk), outbound, clock=clock)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_answer(support: Mailbox, ticket: Ticket, clock: SetClock, role: Role) -> None:
    who = actor("someone", role, desk=support.desk)
    if role in {Role.AGENT, Role.SPECIALIST, Role.LEAD}:
        actions.queue_reply(who, ticket, text="x", clock=clock)
    else:
        with pytest.raises(NotAllowed):
            actions.queue_reply(who, ticket, text="x", clock=clock)


def test_a_notice_says_that_a_machine_wrote_it(support: Mailbox, ticket: Ticket, clock: SetClock) -> None:
    notice = actions.queue_notice(
        support, "Ada <ada@desk.example>", "New\r\nticket", "Look.", ticket=ticket, clock=clock
    )
    said = travels(notice)
    assert (said["Auto-Submitted"], said["Subject"]) == ("auto-generated", "New ticket")
    assert not any(name.lower().startswith("list-") for name in said)
    assert not Item.objects.filter(letter=notice.letter).exists()


def test_long_ids_and_names_survive_the_folding(support: Mailbox, ada: Actor, clock: SetClock) -> None:
    long = "<" + "A" * 90 + "@" + "eurprd08.prod.outlook.example" + ">"
    chain = " ".join(f"<{number}.{'b' * 80}@x.example>" for number in range(40))
    row = arrive(
        support,
        mail(
            sender='"Jänsen, Carl (Utrecht) 日本" <carl@acme.example>',
            message_id=long,
            chain=chain,
            answers="<39@x>",
        ),
        clock,
    )
    assert row.ticket is not None
    said = travels(actions.queue_reply(ada, row.ticket, text="日本語 äöü", clock=clock))
    assert said["In-Reply-To"] == long
    ids = str(said["References"]).split()
    assert (len(ids), ids[0], ids[-1]) == (21, f"<0.{'b' * 80}@x.example>", long)
    assert said["To"].addresses[0].display_name == "Jänsen, Carl (Utrecht) 日本"
    assert said["To"].addresses[0].addr_spec == "carl@acme.example"
    assert said.get_content().splitlines() == ["日本語 äöü"]
    assert max(map(len, compose.composed(sheets.sheet_of(Outbound.objects.get())).splitlines())) < 998


def test_the_system_may_answer_too(ticket: Ticket, clock: SetClock) -> None:
    outbound = actions.queue_reply(SYSTEM, ticket, text="We have it.", hold_seconds=0, clock=clock)
    assert outbound.state == OutboundState.QUEUED
    ticket.refresh_from_db()
    assert ticket.first_response_at is None
