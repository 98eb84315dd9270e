"""Mails on the page of their ticket: what is shown, what is folded, what stays outside until somebody asks."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from django.test import Client

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.mail.models import Inbound, Letter, Mailbox, PicturesShown
from helpline.mail.tests.factories import CARL, arrive, mail
from helpline.people.tests.factories import UserFactory, person
from helpline.tickets import merge_actions
from helpline.tickets.models import Ticket

QUOTED = "Thank you, it works.\n\nOn Mon, 5 Jan 2026 at 09:00, Desk <support@desk.example> wrote:\n> Is it plugged in?\n"
PICTURE = '<p style="color:red">Hello</p><img src="https://track.example/p.gif"><img src="cid:logo@x">'


def html_mail(
    html: str, *, message_id: str = "<html@acme.example>", answers: str = "", text: str = ""
) -> bytes:
    """A mail in HTML with a picture of its own (`cid:logo@x`)."""
    message = EmailMessage(policy=SMTP)
    facts = {"From": CARL, "To": "support@desk.example", "Subject": "Page", "Message-ID": message_id}
    for name, value in (facts | ({"In-Reply-To": answers} if answers else {})).items():
        message[name] = value
    message.set_content(text or "see the page")
    message.add_alternative(html, subtype="html")
    parts = message.get_payload()
    assert isinstance(parts, list)
    parts[1].add_related(b"\x89PNG", "image", "png", cid="<logo@x>")
    return message.as_bytes()


@pytest.fixture
def ada(support: Mailbox) -> Client:
    client = Client()
    client.force_login(person("ada", Role.AGENT))
    return client


def page(client: Client, row: Inbound) -> str:
    assert row.ticket is not None
    answer = client.get(f"/tickets/{row.ticket.number}/", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="main")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_who_wrote_to_whom_and_what(ada: Client, support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail("See https://acme.example/a?b=1&c=2.", cc="Ben <ben@acme.example>"), clock)
    shown = page(ada, row)
    assert "Carl Jansen" in shown
    assert '<span title="ben@acme.example">Ben</span>' in shown
    assert (
        '<a href="https://acme.example/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer nofollow">'
        in shown
    )
    assert f"/mail/{row.pk}/raw/" in shown
    assert "Split from here" not in shown  # the first mail is the ticket


def test_the_quote_is_folded_and_there_when_asked_for(ada: Client, support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail(QUOTED), clock)
    shown = page(ada, row)
    thread, _, answer = shown.partition('id="ticket-compose"')
    assert "Thank you, it works." in thread
    assert "plugged in" not in thread
    assert "plugged in" in answer  # ready to be quoted below
    folded = ada.get(f"/mail/letters/{row.letter.pk}/quoted/").content.decode()
    assert "&gt; Is it plugged in?" in folded


def test_an_answer_says_how_it_was_found_and_can_be_split_off(
    ada: Client, support: Mailbox, clock: SetClock
) -> None:
    arrive(support, mail(), clock)
    row = arrive(
        support, mail("Again", message_id="<2@x>", answers="<first@acme.example>", subject="Tea"), clock
    )
    shown = page(ada, row)
    assert "Joined by: it answers a message of the ticket" in shown
    item = row.letter.item_id
    assert row.ticket is not None
    answer = ada.post(f"/tickets/{row.ticket.number}/split/{item}/", {"subject": "Tea"})
    made = Ticket.objects.latest("pk")
    assert (answer.status_code, answer["Location"]) == (302, f"/tickets/{made.number}/")
    assert made.subject == "Tea"
    assert "Take back" in ada.get(f"/tickets/{made.number}/").content.decode()


def test_a_merged_ticket_points_to_the_other_and_back(ada: Client, support: Mailbox, clock: SetClock) -> None:
    one = arrive(support, mail(), clock)
    two = arrive(support, mail(message_id="<2@x>"), clock)
    assert one.ticket is not None
    assert two.ticket is not None
    path = f"/tickets/{one.ticket.number}/connect/"
    ada.post(path, {"other": f"#{two.ticket.number}", "how": "merge"})
    behind = ada.get(f"/tickets/{two.ticket.number}/").content.decode()
    assert f'is part of <a href="/tickets/{one.ticket.number}/">' in behind
    assert "Un-merge" in page(ada, one)
    move = two.ticket.moves_out.get()
    ada.post(f"/tickets/{two.ticket.number}/moves/{move.pk}/undo/")
    assert "Un-merge" not in page(ada, one)


def test_two_tickets_that_may_be_one_are_shown_with_a_button(
    ada: Client, support: Mailbox, clock: SetClock
) -> None:
    one = arrive(support, mail(), clock)
    arrive(support, mail(message_id="<2@x>"), clock)
    both = arrive(
        support, mail("x", message_id="<3@x>", answers="<2@x>", chain="<first@acme.example> <2@x>"), clock
    )
    assert one.ticket is not None
    assert both.ticket is not None
    assert f'also answers <a href="/tickets/{one.ticket.number}/">' in page(ada, both)
    merge_actions.merge(SYSTEM, Ticket.objects.get(pk=both.ticket_id), one.ticket, clock=clock)
    assert "also answers" not in page(ada, both)


def test_nobody_writes_on_a_ticket_that_is_part_of_another(
    ada: Client, support: Mailbox, clock: SetClock
) -> None:
    one = arrive(support, mail(), clock)
    two = arrive(support, mail(message_id="<2@x>"), clock)
    assert one.ticket is not None
    assert two.ticket is not None
    assert 'id="ticket-compose"' in page(ada, two)
    merge_actions.merge(SYSTEM, one.ticket, two.ticket, clock=clock)
    behind = ada.get(f"/tickets/{two.ticket.number}/").content.decode()
    assert 'id="ticket-compose"' not in behind
    assert "Un-merge" in behind


def test_html_lives_in_a_frame_that_lets_nothing_out(ada: Client, support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, html_mail(PICTURE), clock)
    shown = page(ada, row)
    assert f'src="/mail/letters/{row.letter.pk}/"' in shown
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in shown
    answer = ada.get(f"/mail/letters/{row.letter.pk}/")
    rules = answer["Content-Security-Policy"]
    assert "default-src 'none'" in rules
    assert "allow-scripts" not in rules
    assert "img-src 'self' data:;" in rules
    assert (answer["X-Frame-Options"], answer["Referrer-Policy"]) == ("SAMEORIGIN", "no-referrer")
    inside = answer.content.decode()
    assert f'src="/mail/{row.pk}/parts/0/"' in inside  # the picture it brought itself
    assert 'data-remote-src="https://track.example/p.gif"' in inside
    assert "1 picture from elsewhere was not loaded" in inside


def test_pictures_from_elsewhere_come_when_asked_for(ada: Client, support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, html_mail(PICTURE), clock)
    path = f"/mail/letters/{row.letter.pk}/"
    answer = ada.get(f"{path}?pictures=1")
    assert ' src="https://track.example/p.gif"' in answer.content.decode()
    assert "img-src 'self' data: https: http:;" in answer["Content-Security-Policy"]
    assert "data-remote-src" in ada.get(path).content.decode()  # that once only


def test_a_person_may_always_want_a_senders_pictures(ada: Client, support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, html_mail(PICTURE), clock)
    path = f"/mail/letters/{row.letter.pk}/"
    ada.post(f"{path}pictures/")
    assert ' src="https://track.example/p.gif"' in ada.get(path).content.decode()
    ben = Client()
    ben.force_login(person("ben", Role.AGENT))
    assert "data-remote-src" in ben.get(path).content.decode()  # his own choice
    ada.post(f"{path}pictures/", {"block": "1"})
    assert not PicturesShown.objects.exists()
    assert "data-remote-src" in ada.get(path).content.decode()


def test_the_quote_of_an_html_mail_is_folded_within_its_frame(
    ada: Client, support: Mailbox, clock: SetClock
) -> None:
    html = '<p>Fine now.</p><blockquote type="cite"><p>Is it plugged in?</p></blockquote>'
    row = arrive(support, html_mail(html, text=QUOTED), clock)
    path = f"/mail/letters/{row.letter.pk}/"
    folded, whole = ada.get(path).content.decode(), ada.get(f"{path}?quoted=1").content.decode()
    assert "display: none !important" in folded
    assert "display: none !important" not in whole
    assert "Is it plugged in?" in whole


def test_a_forward_of_a_colleague_is_marked_as_unproven(
    ada: Client, support: Mailbox, clock: SetClock
) -> None:
    UserFactory(username="lena", email="lena@desk.example", roles=[(support.desk, Role.LEAD)])
    text = (
        "Please help her.\n\n---------- Forwarded message ----------\nFrom: Eva <eva@acme.example>\n"
        "Date: Mon, 5 Jan 2026\nSubject: Screen\nTo: lena@desk.example\n\nMy screen is black."
    )
    row = arrive(support, mail(text, sender="lena@desk.example", subject="Fwd: Screen"), clock)
    shown = page(ada, row)
    assert "unproven" in shown
    assert "eva@acme.example" in shown


def test_machine_mail_says_so(ada: Client, support: Mailbox, clock: SetClock) -> None:
    arrive(support, mail(), clock)
    row = arrive(
        support,
        mail("Away", message_id="<2@x>", answers="<first@acme.example>", Auto_Submitted="auto-replied"),
        clock,
    )
    assert "automatic reply" in page(ada, row)


INVITATION = (
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Printer\\, second floor\r\n"
    b"DTSTART;TZID=Europe/Amsterdam:20260107T140000\r\nDTEND;TZID=Europe/Amsterdam:20260107T143000\r\n"
    b"LOCATION:Room 2\r\nORGANIZER;CN=Eva:mailto:eva@acme.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_an_invitation_can_be_read(ada: Client, support: Mailbox, clock: SetClock) -> None:
    message = EmailMessage(policy=SMTP)
    for name, value in {"From": CARL, "To": "support@desk.example", "Subject": "Visit"}.items():
        message[name] = value
    message.set_content("Please come.")
    message.add_attachment(INVITATION, "text", "calendar", filename="invite.ics")
    shown = page(ada, arrive(support, message.as_bytes(), clock))
    assert "Printer, second floor" in shown
    assert "Room 2" in shown
    assert "Eva &lt;eva@acme.example&gt;" in shown
    assert "7, 2026, 2 p.m." in shown, shown[shown.index("Printer, second") :][:300]


def test_files_are_named_and_only_saved(ada: Client, support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail(files=(("plan <b>.html", b"<script>alert(1)</script>"),)), clock)
    file = Letter.objects.get().attachments.get()
    shown = page(ada, row)
    assert f'href="/mail/attachments/{file.pk}/"' in shown
    answer = ada.get(f"/mail/attachments/{file.pk}/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_reader_who_does_not_work_on_tickets_finds_no_buttons(support: Mailbox, clock: SetClock) -> None:
    arrive(support, mail(), clock)
    row = arrive(support, mail("Again", message_id="<2@x>", answers="<first@acme.example>"), clock)
    assert row.ticket is not None
    merge_actions.merge(
        SYSTEM, row.ticket, arrive(support, mail(message_id="<3@x>"), clock).ticket, clock=clock
    )
    coach = Client()
    coach.force_login(UserFactory(roles=[(support.desk, Role.COACH)]))
    shown = page(coach, row)
    assert "Again" in shown
    assert "Split from here" not in shown
    assert "Un-merge" not in shown
