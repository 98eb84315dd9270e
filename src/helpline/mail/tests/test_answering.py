"""Ada answers Carl on the ticket page: the form that is filled in, the draft behind it, sending and taking back."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.core.models import OutboxEvent
from helpline.knowledge import template_actions
from helpline.mail import store
from helpline.mail.answering import composing, drafting, opening
from helpline.mail.models import Draft, DraftFile, Letter, Mailbox, Outbound, OutboundState
from helpline.mail.outgoing.files import OutgoingFile
from helpline.mail.tests.factories import arrive, mail
from helpline.people.access import actor_for
from helpline.people.models import User
from helpline.people.tests.factories import DeskFactory, person
from helpline.people.tests.permissions import wrongs
from helpline.tickets import actions as tickets
from helpline.tickets.models import Item, StatusKind, Ticket

HTMX = {"HX-Request": "true"}


@pytest.fixture
def ticket(support: Mailbox, clock: SetClock) -> Ticket:
    """Carl's printer, by mail, with his boss in copy."""
    letter = mail(
        to="support@desk.example, Fay <fay@acme.example>",
        Cc="Boss <boss@acme.example>, support+x@desk.example",
    )
    found = arrive(support, letter, clock).ticket
    assert found is not None
    return found


@pytest.fixture
def ada(ticket: Ticket) -> User:
    return person("ada", Role.AGENT, desk=ticket.desk)


@pytest.fixture
def page(ada: User) -> Client:
    """Ada's browser."""
    client = Client()
    client.force_login(ada)
    return client


def at(ticket: Ticket, rest: str = "") -> str:
    return f"/tickets/{ticket.number}/{rest}"


def keep(page: Client, ticket: Ticket, **fields: str) -> dict[str, object]:
    """What the page does a second after the last key."""
    given = {"kind": "reply", "options": "1", "quote": "1", "sign": "1"} | fields
    answer = page.post(at(ticket, "draft/"), given, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return answer.json()


def test_the_page_of_a_mail_has_its_answer_filled_in(page: Client, ticket: Ticket) -> None:
    shown = page.get(at(ticket)).content.decode()
    assert 'value="Carl Jansen &lt;carl@acme.example&gt;"' in shown
    assert 'value="Re: Printer"' in shown
    assert "The printer is on fire." in shown
    assert 'id="ticket-note"' not in shown


@pytest.mark.parametrize(
    ("kind", "to", "cc", "subject"),
    [
        ("reply", "Carl Jansen <carl@acme.example>", "", "Re: Printer"),
        (
            "reply_all",
            "Carl Jansen <carl@acme.example>, Fay <fay@acme.example>",
            "Boss <boss@acme.example>",
            "Re: Printer",
        ),
        ("forward", "", "", "Fwd: Printer"),
    ],
)
def test_each_kind_goes_to_whom_it_is_for(ticket: Ticket, kind: str, to: str, cc: str, subject: str) -> None:
    filled = opening.prefilled(ticket, kind, opening.known(ticket))
    assert (filled.to, filled.cc, filled.subject) == (to, cc, subject)


def test_reply_to_comes_before_the_sender(support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail(Reply_To="Service <service@acme.example>"), clock)
    assert row.ticket is not None
    filled = opening.prefilled(row.ticket, "reply", opening.known(row.ticket))
    assert filled.to == "Service <service@acme.example>"


def test_a_reply_to_of_our_own_is_nobody(support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail(Reply_To="support@desk.example"), clock)
    assert row.ticket is not None
    filled = opening.prefilled(row.ticket, "reply", opening.known(row.ticket))
    assert filled.to == "Carl Jansen <carl@acme.example>"


@pytest.mark.parametrize(
    ("said", "answer", "handed_on"),
    [
        ("Printer", "Re: Printer", "Fwd: Printer"),
        ("Re: Printer", "Re: Printer", "Fwd: Printer"),
        ("AW: Re: WG: Printer", "Re: Printer", "Fwd: Printer"),
        ("Re[2]: Printer", "Re: Printer", "Fwd: Printer"),
        ("Reply: Printer", "Re: Reply: Printer", "Fwd: Reply: Printer"),
        ("Re:", "Re: Re:", "Fwd: Re:"),
    ],
)
def test_a_subject_has_one_re(said: str, answer: str, handed_on: str) -> None:
    assert opening.subject_of("reply", said) == answer
    assert opening.subject_of("forward", said) == handed_on


def test_what_is_typed_is_there_after_a_reload_and_a_colleagues_change(
    page: Client, ticket: Ticket, clock: SetClock
) -> None:
    said = keep(page, ticket, html="<div>Dear Carl, <strong>switch it off</strong></div>", subject="Re: Fire")
    assert said["draft"] is True
    ben = actor_for(person("ben", Role.AGENT, desk=ticket.desk))
    tickets.change(ben, ticket, assignee=User.objects.get(username="ben"), clock=clock)
    shown = page.get(at(ticket)).content.decode()
    assert "&lt;strong&gt;switch it off&lt;/strong&gt;" in shown
    assert 'value="Re: Fire"' in shown


def test_a_draft_is_ones_own(page: Client, ticket: Ticket) -> None:
    keep(page, ticket, html="<div>My own words</div>")
    other = Client()
    other.force_login(person("ben", Role.AGENT, desk=ticket.desk))
    shown = other.get(at(ticket)).content.decode()
    assert "My own words" not in shown
    assert "Ada is writing" in shown
    assert "Ada is writing" not in page.get(at(ticket)).content.decode()


def test_colleagues_hear_of_it_live(page: Client, ticket: Ticket) -> None:
    keep(page, ticket, html="<div>Words</div>")
    keep(page, ticket, html="<div>More words</div>")
    topic = f"writing:{ticket.number}"
    told = [row for row in OutboxEvent.objects.all() if topic in row.topics]
    assert len(told) == 1, "each key stroke would be told"


def test_somebody_who_stopped_writing_has_a_draft(ada: User, ticket: Ticket, clock: SetClock) -> None:
    drafting.save(
        actor_for(ada), ticket, drafting.Writing(drafting.DraftKind.NOTE, note="later"), clock=clock
    )
    ben = actor_for(person("ben", Role.AGENT, desk=ticket.desk))
    [writing] = composing.writers(ben, ticket, clock=clock)
    assert (writing.name, writing.now) == ("Ada", True)
    clock.advance(600)
    assert [one.now for one in composing.writers(ben, ticket, clock=clock)] == [False]


def test_an_empty_form_is_no_draft(page: Client, ticket: Ticket) -> None:
    assert keep(page, ticket, html="<div><br></div>")["draft"] is False
    assert not Draft.objects.exists()


def test_taking_out_all_words_ends_the_draft(page: Client, ticket: Ticket) -> None:
    keep(page, ticket, html="<div>Words</div>")
    assert keep(page, ticket, html="")["draft"] is False
    assert not Draft.objects.exists()


def test_another_tab_keeps_the_words_and_fills_in_its_own_people(page: Client, ticket: Ticket) -> None:
    fields = {"kind": "reply", "tab": "reply_all", "options": "1", "html": "<div>Words</div>"}
    shown = page.post(at(ticket, "draft/"), fields, headers=HTMX).content.decode()
    assert "boss@acme.example" in shown
    assert "&lt;div&gt;Words&lt;/div&gt;" in shown


def test_a_letter_and_a_note_live_beside_each_other(page: Client, ticket: Ticket) -> None:
    fields = {"kind": "reply", "tab": "note", "options": "1", "html": "<div>To Carl</div>"}
    assert 'id="ticket-note"' in page.post(at(ticket, "draft/"), fields, headers=HTMX).content.decode()
    page.post(
        at(ticket, "draft/"), {"kind": "note", "body": "To Ben"}, headers={"Accept": "application/json"}
    )
    draft = Draft.objects.get()
    assert (draft.html, draft.note) == ("<div>To Carl</div>", "To Ben")
    page.post(at(ticket, "note/"), {"kind": "note", "body": "To Ben"}, headers=HTMX)
    draft = Draft.objects.get()
    assert (draft.html, draft.note) == ("<div>To Carl</div>", "")


def test_the_answer_goes_to_carl_with_his_letter_below(page: Client, ticket: Ticket) -> None:
    fields = {"kind": "reply", "options": "1", "quote": "1", "html": "<div>Switch it <em>off</em>.</div>"}
    shown = page.post(at(ticket, "send/"), fields, headers=HTMX)
    assert shown.status_code == 200
    assert "data-held" in shown.content.decode()
    sent = Outbound.objects.select_related("letter__item").get()
    letter = sent.letter
    assert (sent.to, letter.subject, letter.in_reply_to) == (
        "carl@acme.example",
        "Re: Printer",
        "<first@acme.example>",
    )
    assert letter.text == "Switch it off."
    assert "> The printer is on fire." in letter.quoted
    assert "<em>off</em>" in sent.html
    assert "<blockquote>" in sent.html
    assert letter.item is not None
    assert letter.item.body == "Switch it off."


def test_without_the_quote_it_stays_out(page: Client, ticket: Ticket) -> None:
    page.post(at(ticket, "send/"), {"kind": "reply", "options": "1", "html": "<div>Off.</div>"}, headers=HTMX)
    sent = Outbound.objects.get()
    assert "fire" not in sent.html + sent.letter.quoted


def test_undo_brings_all_of_it_back_into_the_editor(page: Client, ticket: Ticket) -> None:
    upload = SimpleUploadedFile("plan.pdf", b"%PDF-", "application/pdf")
    page.post(at(ticket, "draft/files/"), {"kind": "reply", "files": [upload]}, headers=HTMX)
    fields = {
        "kind": "reply",
        "options": "1",
        "html": "<div>Too <em>early</em></div>",
        "cc": "ben@acme.example",
    }
    page.post(at(ticket, "send/"), fields | {"then": "waiting_customer"}, headers=HTMX)
    ticket.refresh_from_db()
    assert ticket.status == StatusKind.WAITING_CUSTOMER
    sent = Outbound.objects.get()
    shown = page.post(at(ticket, f"take-back/{sent.pk}/"), headers=HTMX).content.decode()
    assert "Too &lt;em&gt;early&lt;/em&gt;" in shown
    assert 'value="ben@acme.example"' in shown
    assert "plan.pdf" in shown
    assert "data-held" not in shown
    sent.refresh_from_db()
    ticket.refresh_from_db()
    assert (sent.state, ticket.status) == (OutboundState.UNDONE, StatusKind.NEW)
    assert not Item.objects.filter(ticket=ticket, letter__direction="out").exists()


def test_what_was_begun_meanwhile_is_kept_by_undo(page: Client, ticket: Ticket) -> None:
    page.post(at(ticket, "send/"), {"kind": "reply", "html": "<div>One</div>"}, headers=HTMX)
    keep(page, ticket, html="<div>Two</div>")
    page.post(at(ticket, f"take-back/{Outbound.objects.get().pk}/"), headers=HTMX)
    assert [draft.html for draft in Draft.objects.filter(outbound=None)] == ["<div>One</div><div>Two</div>"]


def test_nobody_gets_an_empty_mail(page: Client, ticket: Ticket) -> None:
    answer = page.post(at(ticket, "send/"), {"kind": "reply", "html": "<div><br></div>"}, headers=HTMX)
    assert answer.status_code == 422
    assert not Outbound.objects.exists()
    assert not Draft.objects.exists()


def test_a_wrong_address_keeps_the_words(page: Client, ticket: Ticket) -> None:
    fields = {"kind": "reply", "html": "<div>Words</div>", "to": "nobody", "cc": ""}
    assert page.post(at(ticket, "send/"), fields, headers=HTMX).status_code == 422
    assert not Outbound.objects.exists()
    assert keep(page, ticket, html="<div>Words</div>", to="nobody")["draft"] is True


def test_forwarding_takes_the_letter_and_its_files_along(
    support: Mailbox, clock: SetClock, page: Client
) -> None:
    raw = mail(files=(("log.txt", b"error 7"),), message_id="<second@acme.example>", subject="Log")
    row = arrive(support, raw, clock)
    assert row.ticket is not None
    fields = {"kind": "forward", "options": "1", "quote": "1", "to": "vendor@firm.example", "html": ""}
    page.post(at(row.ticket, "send/"), fields, headers=HTMX)
    sent = Outbound.objects.select_related("letter").get()
    assert (sent.kind, sent.to, sent.letter.subject) == ("forward", "vendor@firm.example", "Fwd: Log")
    assert [one.name for one in sent.letter.attachments.all()] == ["log.txt"]
    assert "From: Carl Jansen <carl@acme.example>" in sent.letter.quoted
    assert "The printer is on fire." in sent.html


def test_files_are_listed_and_removed(page: Client, ticket: Ticket) -> None:
    keep(page, ticket, html="<div>See the plan</div>")
    upload = SimpleUploadedFile("plan.pdf", b"%PDF-", "application/pdf")
    shown = page.post(at(ticket, "draft/files/"), {"kind": "reply", "files": [upload]}, headers=HTMX)
    assert "plan.pdf" in shown.content.decode()
    row = DraftFile.objects.get()
    given = page.get(at(ticket, f"draft/files/{row.pk}/"))
    assert b"".join(given.streaming_content) == b"%PDF-"
    assert given["Content-Disposition"].startswith("attachment")
    shown = page.post(at(ticket, f"draft/files/{row.pk}/remove/"), headers=HTMX)
    assert "plan.pdf" not in shown.content.decode()
    assert not DraftFile.objects.exists()


def test_a_picture_in_the_text_travels_with_it(page: Client, ticket: Ticket) -> None:
    picture = SimpleUploadedFile("shot.png", b"\x89PNG", "image/png")
    fields = {"kind": "reply", "inline": "1", "files": [picture]}
    url = page.post(at(ticket, "draft/files/"), fields, headers={"Accept": "application/json"}).json()["url"]
    frame = f'<figure data-trix-attachment="{{}}"><img src="{url}" width="5"><figcaption>shot 5 B</figcaption></figure>'
    keep(page, ticket, html=f'<div>See{frame}</div><img src="https://spy.example/x.png">')
    row, draft = DraftFile.objects.get(), Draft.objects.get()
    assert f'src="cid:{row.content_id}"' in draft.html
    assert "spy.example" not in draft.html
    assert "shot 5 B" not in draft.html
    assert url in page.get(at(ticket)).content.decode()
    page.post(
        at(ticket, "send/"), {"kind": "reply", "html": f'<div>See <img src="{url}"></div>'}, headers=HTMX
    )
    [attached] = Outbound.objects.get().letter.attachments.all()
    assert (attached.content_id, attached.inline) == (row.content_id, True)


def test_files_that_are_too_large_are_refused_and_leave_nothing(
    ada: User, ticket: Ticket, django_capture_on_commit_callbacks
) -> None:
    draft = drafting.begin(actor_for(ada), ticket, drafting.Writing(drafting.DraftKind.REPLY))
    kept = OutgoingFile.keep("big.bin", "application/octet-stream", b"x")
    big = OutgoingFile(kept.name, kept.type, drafting.MOST_BYTES + 1, kept.sha256)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(drafting.Invalid) as refused:
        drafting.attach(actor_for(ada), draft, [big])
    assert refused.value.code == "too_large"
    assert not DraftFile.objects.exists()


def test_what_an_editor_sends_is_cleaned(page: Client, ticket: Ticket) -> None:
    keep(
        page,
        ticket,
        html='<div onclick="x()">Hi<script>alert(1)</script> <a href="javascript:x()">there</a></div>',
    )
    assert Draft.objects.get().html == "<div>Hi <a>there</a></div>"


def test_it_works_without_scripts(page: Client, ticket: Ticket) -> None:
    fields = {
        "kind": "reply",
        "options": "1",
        "text": "Dear Carl,\r\n\r\nswitch it <off>.",
        "tab": "reply_all",
    }
    answer = page.post(at(ticket, "draft/"), fields)
    assert answer.status_code == 302
    assert answer["Location"] == f"/tickets/{ticket.number}/#ticket-compose"
    shown = page.get(at(ticket)).content.decode()
    assert "switch it &lt;off&gt;." in shown
    assert "boss@acme.example" in shown
    page.post(at(ticket, "send/"), {"kind": "reply_all", "text": "Dear Carl,\n\nswitch it <off>."})
    assert Outbound.objects.get().letter.text.replace("\n\n", "\n") == "Dear Carl,\nswitch it <off>."


def test_discarding_drops_words_and_files(
    page: Client, ticket: Ticket, django_capture_on_commit_callbacks
) -> None:
    upload = SimpleUploadedFile("plan.pdf", b"%PDF-secret", "application/pdf")
    page.post(at(ticket, "draft/files/"), {"kind": "reply", "files": [upload]}, headers=HTMX)
    digest = DraftFile.objects.get().sha256
    with django_capture_on_commit_callbacks(execute=True):
        page.post(at(ticket, "draft/discard/"), headers=HTMX)
    assert not Draft.objects.exists()
    assert not store.path_of(digest).exists()


def test_the_list_of_my_drafts(page: Client, ticket: Ticket) -> None:
    assert "No draft" in page.get("/drafts/").content.decode()
    keep(page, ticket, html="<div>Switch it off</div>")
    shown = page.get("/drafts/").content.decode()
    assert "Switch it off" in shown
    assert "No draft fits" in page.get("/drafts/?text=zzz").content.decode()
    assert "#ticket-compose" in page.get("/tickets/").content.decode()
    assert page.post(at(ticket, "draft/discard/"), {"back": "drafts"})["Location"] == "/drafts/"
    assert "#ticket-compose" not in page.get("/tickets/?part=rows").content.decode()


def test_a_sent_draft_is_forgotten_once_the_mail_left(page: Client, ticket: Ticket, clock: SetClock) -> None:
    page.post(at(ticket, "send/"), {"kind": "reply", "html": "<div>One</div>"}, headers=HTMX)
    Draft.objects.update(changed_at=clock.now() - timedelta(hours=1))
    drafting.forget_sent(clock)
    assert Draft.objects.count() == 1, "it may still be taken back"
    Outbound.objects.update(state=OutboundState.SENT)
    drafting.forget_sent(clock)
    assert not Draft.objects.exists()
    assert Letter.objects.filter(direction="out").exists()


def test_in_a_call_one_takes_notes(page: Client, ada: User, ticket: Ticket) -> None:
    ada.presence.call_id = "00000000-0000-7000-8000-000000000001"
    ada.presence.save()
    assert 'id="ticket-note"' in page.get(at(ticket)).content.decode()


WORKERS = {Role.AGENT, Role.SPECIALIST, Role.LEAD}
TABLE = [
    ("get", "compose/", WORKERS),
    ("get", "writers/", WORKERS),
    ("post", "draft/", WORKERS),
    ("post", "draft/discard/", WORKERS),
    ("post", "draft/files/", WORKERS),
    ("post", "send/", WORKERS),
]


@pytest.mark.parametrize(("method", "path", "allowed"), TABLE)
def test_table(ticket: Ticket, method: str, path: str, allowed: set[Role]) -> None:
    assert wrongs(at(ticket, path), method, allowed, ticket.desk) == []


def test_nobody_gets_at_anothers_draft_or_mail(page: Client, ticket: Ticket) -> None:
    upload = SimpleUploadedFile("plan.pdf", b"%PDF-", "application/pdf")
    page.post(at(ticket, "draft/files/"), {"kind": "reply", "files": [upload]}, headers=HTMX)
    row = DraftFile.objects.get()
    ben = Client()
    ben.force_login(person("ben", Role.AGENT, desk=ticket.desk))
    assert ben.get(at(ticket, f"draft/files/{row.pk}/")).status_code == 404
    assert ben.post(at(ticket, f"draft/files/{row.pk}/remove/")).status_code == 404
    page.post(at(ticket, "send/"), {"kind": "reply", "html": "<div>One</div>"}, headers=HTMX)
    assert ben.post(at(ticket, f"take-back/{Outbound.objects.get().pk}/")).status_code == 403


def test_a_template_is_filled_in_with_its_file(
    page: Client, ada: User, ticket: Ticket, tmp_path, settings
) -> None:
    settings.MEDIA_ROOT = tmp_path
    lena = actor_for(person("lena", Role.LEAD, desk=ticket.desk))
    made = template_actions.save_template(
        lena, ticket.desk, name="Reset", body="<div>Dear {contact_first_name}, see {ticket}.</div>"
    )
    template_actions.add_file(lena, made, "how.pdf", "application/pdf", ContentFile(b"%PDF-"))
    assert "Reset" in page.get(at(ticket)).content.decode()
    fields = {"kind": "reply", "template": str(made.pk)}
    given = page.post(at(ticket, "draft/template/"), fields, headers={"Accept": "application/json"}).json()
    assert given["html"] == f"<div>Dear Carl, see {ticket.number}.</div>"
    assert "how.pdf" in given["files"]
    made.refresh_from_db()
    assert made.used_count == 1
    page.post(at(ticket, "draft/template/"), fields | {"text": "Hello"})
    assert Draft.objects.get().html == f"<div>Hello</div><div>Dear Carl, see {ticket.number}.</div>"


def test_the_signature_goes_below_unless_it_is_taken_away(page: Client, ada: User, ticket: Ticket) -> None:
    template_actions.save_signature(actor_for(ada), ada, "en", "-- \n{agent}, {desk}")
    assert "Ada, Acme IT Help Desk" in page.get(at(ticket)).content.decode()
    fields = {"kind": "reply", "options": "1", "html": "<div>Off.</div>"}
    page.post(at(ticket, "send/"), fields | {"sign": "1"}, headers=HTMX)
    page.post(at(ticket, "send/"), fields, headers=HTMX)
    with_it, without = Outbound.objects.order_by("created_at", "pk")
    assert "Ada, Acme IT Help Desk" in with_it.letter.text
    assert without.letter.text == "Off."


def test_a_template_of_another_desk_cannot_be_put_in(page: Client, ticket: Ticket) -> None:
    other = DeskFactory(key="globex")
    gil = actor_for(person("gil", Role.LEAD, desk=other))
    made = template_actions.save_template(gil, other, name="Theirs", body="x")
    answer = page.post(at(ticket, "draft/template/"), {"kind": "reply", "template": str(made.pk)})
    assert answer.status_code == 404
