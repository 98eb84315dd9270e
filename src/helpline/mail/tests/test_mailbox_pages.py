"""Lena sets mailboxes up: what is refused stands beside its field, secrets stay secret, trouble is told with what helps."""

from datetime import timedelta

import pytest
from django.test import Client

from helpline.core import heartbeat
from helpline.core.access import Role
from helpline.core.clock import SYSTEM as CLOCK
from helpline.core.models import AuditRow, OutboxEvent
from helpline.mail.mailboxes import state
from helpline.mail.mailboxes.connection import Connection, Secrets
from helpline.mail.mailboxes.troubles import Code, SourceTrouble
from helpline.mail.models import Mailbox, MailboxState
from helpline.mail.sources import accounts
from helpline.mail.tests.factories import MailboxFactory
from helpline.people.models import User
from helpline.people.tests.factories import person

SECRET = "app-secret-word"
FORM = {
    "name": "sales",
    "address": "Sales@desk.example",
    "language": "de",
    "host": "imap.desk.example",
    "user": "sales@desk.example",
    "sign_in": "password",
    "password": SECRET,
    "security": "tls",
    "port": "",
    "folder": "",
    "after": "move",
    "move_to": "Done",
    "begin": "unread",
    "poll_s": "60",
    "reopen_days": "14",
    "max_mb": "40",
    "raw_days": "",
}


@pytest.fixture
def lena(support: Mailbox) -> User:
    return person("lena", Role.DESK_ADMIN, desk=support.desk)


@pytest.fixture
def browser(lena: User) -> Client:
    client = Client()
    client.force_login(lena)
    return client


@pytest.fixture
def sales(browser: Client) -> Mailbox:
    assert browser.post("/mail/boxes/new/?kind=imap", FORM).status_code == 302
    return Mailbox.objects.get(name="sales")


def test_a_mailbox_is_made(browser: Client, sales: Mailbox) -> None:
    assert (sales.address, sales.kind, sales.language, sales.max_size) == (
        "sales@desk.example",
        "imap",
        "de",
        40 << 20,
    )
    facts = Connection.of(sales.connection)
    assert (facts.host, facts.folder, facts.after, facts.move_to) == (
        "imap.desk.example",
        "INBOX",
        "move",
        "Done",
    )
    assert facts.port_for(sales.kind) == 993
    assert Secrets.of(sales.secret).password == SECRET
    assert OutboxEvent.objects.filter(kind="mailbox_changed", data__mailbox="sales").exists()
    assert "sales" in browser.get("/mail/boxes/").content.decode()


def test_a_secret_is_nowhere_to_be_read(browser: Client, sales: Mailbox) -> None:
    page = browser.get("/mail/boxes/sales/").content.decode()
    assert SECRET not in page
    assert "One is kept. Type only to change it." in page
    assert SECRET not in sales.secret
    assert not [row for row in AuditRow.objects.all() if SECRET in str(row.changes)]
    assert not [row for row in OutboxEvent.objects.all() if SECRET in str(row.data)]
    assert SECRET not in repr(Secrets(SECRET))


def test_what_is_left_empty_keeps_the_password(browser: Client, sales: Mailbox) -> None:
    before = sales.secret
    assert browser.post("/mail/boxes/sales/", FORM | {"password": "", "reopen_days": "3"}).status_code == 302
    sales.refresh_from_db()
    assert (sales.secret, sales.reopen_days) == (before, 3)
    browser.post("/mail/boxes/sales/", FORM | {"password": "another"})
    sales.refresh_from_db()
    assert Secrets.of(sales.secret).password == "another"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"host": ""}, "Say which server."),
        ({"user": ""}, "Say as whom to sign in."),
        ({"move_to": ""}, "Say to which folder."),
        ({"sign_in": "google"}, "OAuth 2 needs a client id."),
        (
            {"sign_in": "oauth", "client_id": "x", "authorize_url": "http://a.example/", "token_url": ""},
            "https://",
        ),
        ({"name": "support"}, "There is a mailbox of this name."),
        ({"name": "new"}, "There is a mailbox of this name."),
        ({"address": "support@desk.example"}, "There is a mailbox of this address."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(browser: Client, typed: dict[str, str], words: str) -> None:
    answer = browser.post("/mail/boxes/new/?kind=imap", FORM | typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Mailbox.objects.count() == 1


@pytest.mark.parametrize("kind", ["imap", "pop3", "smtp", "form", "folder"])
def test_each_kind_asks_what_it_needs(browser: Client, kind: str) -> None:
    page = browser.get(f"/mail/boxes/new/?kind={kind}").content.decode()
    assert ('name="host"' in page) == (kind in {"imap", "pop3"})
    assert ('name="questions"' in page) == (kind == "form")
    told = {"name": "other", "address": "other@desk.example"}
    answer = browser.post(
        f"/mail/boxes/new/?kind={kind}", FORM | told | ({"after": "delete"} if kind == "pop3" else {})
    )
    assert answer.status_code == 302
    assert Mailbox.objects.get(name="other").kind == kind
    assert browser.get("/mail/boxes/other/").status_code == 200


def test_the_list_tells_what_is_wrong_and_what_helps(browser: Client, sales: Mailbox) -> None:
    later = CLOCK.now() + timedelta(minutes=5)
    state.note_trouble(sales.pk, SourceTrouble(Code.PASSWORD, "NO denied"), later, CLOCK)
    page = browser.get("/mail/boxes/", headers={"HX-Target": "mailbox-rows"}).content.decode()
    assert "The server refuses user name or password." in page
    assert "app password" in page
    assert "Next try in" in page
    one = browser.get("/mail/boxes/sales/").content.decode()
    assert "NO denied" in one
    assert "Try now" in one
    assert "Mailbox sales needs you" in browser.get("/mail/notice/").content.decode()
    browser.post("/mail/boxes/sales/try/")
    sales.refresh_from_db()
    assert sales.next_try_at is None


def test_set_up_anew_its_state_is_to_be_seen(browser: Client, sales: Mailbox) -> None:
    state.note_trouble(sales.pk, SourceTrouble(Code.PASSWORD), CLOCK.now(), CLOCK)
    browser.post("/mail/boxes/sales/", FORM | {"password": "right"})
    sales.refresh_from_db()
    assert (sales.state, sales.trouble_code, sales.failures) == (MailboxState.UNKNOWN, "", 0)


def test_switched_off_and_on(browser: Client, sales: Mailbox) -> None:
    browser.post("/mail/boxes/sales/switch/", {"on": "0"})
    assert not Mailbox.objects.get(name="sales").active
    assert "Off" in browser.get("/mail/boxes/").content.decode()
    browser.post("/mail/boxes/sales/switch/", {"on": "1"})
    assert Mailbox.objects.get(name="sales").active


def test_a_check_says_what_was_wrong(
    browser: Client, sales: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def refused(mailbox: Mailbox, _clock: object) -> str:
        asked.append((mailbox.connection["host"], Secrets.of(mailbox.secret).password))
        raise SourceTrouble(Code.HOST, "Name or service not known")

    monkeypatch.setattr(accounts, "check", refused)
    told = FORM | {"known": "sales", "password": "", "host": "imap.typo.example"}
    page = browser.post("/mail/check/", told).content.decode()
    assert "not known" in page
    assert "Look at how it is written" in page
    assert asked == [("imap.typo.example", SECRET)]
    assert "The other side said:" in page
    sales.refresh_from_db()
    assert sales.connection["host"] == "imap.desk.example", "nothing was kept"
    monkeypatch.setattr(accounts, "check", lambda mailbox, clock: "It works: 12 messages lie there.")
    fresh = FORM | {"kind": "imap", "name": "new2", "address": "new2@desk.example"}
    assert "It works: 12" in browser.post("/mail/check/", fresh).content.decode()
    assert "Say which server." in browser.post("/mail/check/", fresh | {"host": ""}).content.decode()


def test_a_postman_that_does_not_run_is_told(browser: Client, sales: Mailbox) -> None:
    words = "The postman does not run"
    assert words in browser.get("/mail/boxes/").content.decode()
    heartbeat.beat("postman")
    assert words not in browser.get("/mail/boxes/").content.decode()
    heartbeat.stopped("postman")
    Mailbox.objects.filter(pk=sales.pk).update(active=False)
    assert words not in browser.get("/mail/boxes/").content.decode(), "nobody needs it"


def test_no_mailbox_yet(browser: Client) -> None:
    Mailbox.objects.all().delete()
    assert "Add your first mailbox" in browser.get("/mail/boxes/").content.decode()


def test_a_kept_secret_of_another_key_is_asked_for_anew(browser: Client, sales: Mailbox) -> None:
    Mailbox.objects.filter(pk=sales.pk).update(secret="gAAAAA-of-another-installation")
    assert "cannot be read any more" in browser.get("/mail/boxes/sales/").content.decode()
    assert browser.post("/mail/boxes/sales/", FORM | {"password": "typed anew"}).status_code == 302
    sales.refresh_from_db()
    assert Secrets.of(sales.secret).password == "typed anew"


def test_who_leads_sees_and_does_not_change(support: Mailbox) -> None:
    MailboxFactory(name="sales")
    client = Client()
    client.force_login(person("lead", Role.LEAD, desk=support.desk))
    page = client.get("/mail/boxes/").content.decode()
    assert "sales" in page
    assert "Switch off" not in page
