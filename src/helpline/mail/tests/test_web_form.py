"""The web form: open to everybody, in the desk's language, and of no use to programs."""

from email import message_from_bytes, policy

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client

from helpline.core.access import SYSTEM
from helpline.core.clock import SetClock
from helpline.core.errors import Invalid
from helpline.mail import actions, store
from helpline.mail.mailboxes.actions import MailboxFacts, save_mailbox, switch_mailbox
from helpline.mail.models import Inbound, Mailbox, MailboxKind
from helpline.mail.tests.factories import arrive, mail
from helpline.mail.webform import fields, views
from helpline.mail.webform import page as public_form
from helpline.mail.webform.fields import FormFacts, FormField
from helpline.tickets.models import Ticket

TYPED = {
    "name": "Carl Jansen",
    "address": "Carl@acme.example",
    "subject": "The printer",
    "text": "It burns.\nPlease hurry.",
    "more_0": "B 12",
    "more_1": "Printer",
    "website": "",
}


@pytest.fixture
def form(support: Mailbox, clock: SetClock) -> Mailbox:
    """What Acme asks."""
    cache.clear()
    asked = fields.read(["Room *", "Device: Printer, Laptop", ""])
    facts = MailboxFacts(
        "help", "help@desk.example", MailboxKind.FORM, "en", form=FormFacts("Ask Acme", "Hello.", "", asked)
    )
    return save_mailbox(SYSTEM, support.desk, facts, clock=clock)


def send(**typed: object) -> tuple[int, str]:
    answer = Client().post("/form/help/", TYPED | typed)
    return answer.status_code, answer.content.decode()


def test_carl_writes_by_the_form_and_it_is_a_ticket(form: Mailbox, clock: SetClock) -> None:
    files = [
        SimpleUploadedFile("fire.png", b"\x89PNG", "image/png"),
        SimpleUploadedFile("mail.eml", b"x", "message/rfc822"),
    ]
    answer = Client().post("/form/help/", TYPED | {"attachments": files}, follow=True)
    assert answer.redirect_chain == [("/form/help/sent/", 302)]
    assert "Your message is with us" in answer.content.decode()
    row = Inbound.objects.get()
    told = message_from_bytes(store.read(row.sha256), policy=policy.default)
    assert (told["From"], told["To"], told["X-Helpline-Form"]) == (
        "Carl Jansen <Carl@acme.example>",
        "help@desk.example",
        "help",
    )
    assert [part.get_content_type() for part in told.iter_attachments()] == [
        "image/png",
        "application/octet-stream",
    ]
    assert actions.file(row.pk, clock=clock) == "ticket"
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.channel) == ("The printer", "web")
    assert ticket.requester is not None
    assert ticket.requester.name == "Carl Jansen"
    assert "Room: B 12" in ticket.items.get(kind="mail").body


def test_what_is_missing_is_said_beside_the_field(form: Mailbox) -> None:
    status, page = send(more_0="", address="carl", text="")
    assert status == 422
    assert page.count("errorlist") == 3
    assert "The printer" in page, "what was typed stays"
    assert not Inbound.objects.exists()


def test_a_program_falls_into_the_trap_and_does_not_learn_of_it(form: Mailbox) -> None:
    assert send(website="https://spam.example")[0] == 302
    assert not Inbound.objects.exists()


def test_nobody_writes_headers_of_their_own(form: Mailbox) -> None:
    assert (
        send(name="Carl\r\nBcc: all@acme.example", subject="Hi\nX-Evil: 1", more_0="1\r\n\r\nEvil: 1")[0]
        == 302
    )
    told = message_from_bytes(store.read(Inbound.objects.get().sha256), policy=policy.default)
    assert told["Bcc"] is None
    assert told["X-Evil"] is None
    assert told["Subject"] == "Hi X-Evil: 1"


def test_who_types_the_number_of_a_ticket_gets_one_of_their_own(
    form: Mailbox, support: Mailbox, clock: SetClock
) -> None:
    first = arrive(support, mail(), clock)
    assert first.ticket is not None
    assert send(subject=f"[#{first.ticket.number}] me too")[0] == 302
    row = Inbound.objects.get(mailbox=form)
    assert actions.file(row.pk, clock=clock) == "ticket"
    row.refresh_from_db()
    assert row.ticket_id != first.ticket_id


def test_too_many_are_refused(form: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_form, "MOST_IN_NAME", 2)
    assert [send(subject=str(number))[0] for number in range(3)] == [302, 302, 429]
    assert send(address="ben@acme.example")[0] == 302
    monkeypatch.setattr(public_form, "MOST_FROM_HERE", 4)
    assert send(address="eve@acme.example")[0] == 429
    assert Inbound.objects.count() == 3


def test_a_form_of_another_page_is_refused(form: Mailbox) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/form/help/", TYPED).status_code == 403
    assert not Inbound.objects.exists()


def test_too_large_files(form: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_form, "MOST_BYTES", 10)
    status, page = send(attachments=[SimpleUploadedFile("a", b"123456"), SimpleUploadedFile("b", b"123456")])
    assert status == 422
    assert "At most" in page


def test_what_cannot_be_kept_is_told(form: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_args: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(views, "submit", locked)
    status, page = send()
    assert status == 503
    assert "send it again" in page


def test_it_speaks_the_desks_language(form: Mailbox) -> None:
    Mailbox.objects.filter(pk=form.pk).update(language="de")
    page = Client().get("/form/help/", headers={"Accept-Language": "fr"}).content.decode()
    assert '<html lang="de"' in page
    assert "Ask Acme" in page


def test_one_that_is_off_or_of_another_kind_is_no_form(form: Mailbox, clock: SetClock) -> None:
    assert Client().get("/form/support/").status_code == 404
    switch_mailbox(SYSTEM, form, False, clock=clock)
    assert Client().get("/form/help/").status_code == 404
    assert send()[0] == 404


def test_questions_as_a_desk_writes_them() -> None:
    asked = fields.read([" Room * ", "Device *: Laptop ,Phone,, Laptop", "Since when?", ""])
    assert asked == (
        FormField("Room", True),
        FormField("Device", True, ("Laptop", "Phone")),
        FormField("Since when?"),
    )
    assert fields.read([one.line for one in asked]) == asked


@pytest.mark.parametrize(
    "lines", [["*"], [": a, b"], ["Room", "room *"], [f"Q{n}" for n in range(21)], ["x" * 81]]
)
def test_questions_that_cannot_be(lines: list[str]) -> None:
    with pytest.raises(Invalid):
        fields.read(lines)
