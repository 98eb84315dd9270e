"""Who may see which mail, and who may have it filed again."""

import pytest
from django.test import Client

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict, DeskError, Invalid, NotAllowed
from helpline.mail import actions
from helpline.mail.models import Inbound, Mailbox, MailboxKind, Verdict
from helpline.mail.tests.factories import arrive, mail
from helpline.people.tests.factories import DeskFactory, UserFactory, actor
from helpline.people.tests.permissions import wrongs

READERS = {Role.AGENT, Role.SPECIALIST, Role.LEAD, Role.COACH, Role.DESK_ADMIN, Role.MANAGER}
REPLAYERS = {Role.LEAD, Role.DESK_ADMIN}
ADMINS = {Role.DESK_ADMIN}
TABLE = [
    ("get", "/mail/{id}/raw/", READERS),
    ("get", "/mail/{id}/parts/0/", READERS),
    ("get", "/mail/attachments/{file}/", READERS),
    ("get", "/mail/letters/{letter}/", READERS),
    ("get", "/mail/letters/{letter}/quoted/", READERS),
    ("post", "/mail/letters/{letter}/pictures/", READERS),
    ("get", "/mail/ledger/", READERS),
    ("get", "/mail/ledger/{id}/", READERS),
    ("post", "/mail/ledger/replay/", REPLAYERS),
    ("post", "/mail/ledger/{id}/accept/", REPLAYERS),
    ("get", "/mail/notice/", REPLAYERS),
    ("get", "/mail/boxes/", REPLAYERS),
    ("get", "/mail/boxes/new/", ADMINS),
    ("post", "/mail/boxes/new/", ADMINS),
    ("get", "/mail/boxes/support/", ADMINS),
    ("post", "/mail/boxes/support/", ADMINS),
    ("post", "/mail/boxes/support/copies/", ADMINS),
    ("post", "/mail/boxes/support/switch/", ADMINS),
    ("post", "/mail/boxes/support/try/", ADMINS),
    ("post", "/mail/boxes/support/connect/", ADMINS),
    ("get", "/mail/oauth/", ADMINS),
]
#: pages that show what the person may see, and nothing of another desk
OWN = {
    "/mail/ledger/",
    "/mail/ledger/replay/",
    "/mail/notice/",
    "/mail/boxes/",
    "/mail/boxes/new/",
    "/mail/oauth/",
}


@pytest.fixture
def row(support: Mailbox, clock: SetClock) -> Inbound:
    return arrive(support, mail(files=(("page.html", b"<script>alert(1)</script>"),)), clock)


def _of(path: str, row: Inbound) -> str:
    return path.format(id=row.pk, letter=row.letter.pk, file=row.letter.attachments.get().pk)


@pytest.mark.parametrize(("method", "path", "allowed"), TABLE)
def test_table(row: Inbound, method: str, path: str, allowed: set[Role]) -> None:
    assert wrongs(_of(path, row), method, allowed, row.mailbox.desk) == []


@pytest.mark.parametrize(("method", "path", "allowed"), [one for one in TABLE if one[1] not in OWN])
def test_nothing_of_another_desk(row: Inbound, method: str, path: str, allowed: set[Role]) -> None:
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(key="globex"), role) for role in Role]))
    assert getattr(client, method)(_of(path, row)).status_code == 404


def test_lists_hold_nothing_of_another_desk(row: Inbound) -> None:
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(key="globex"), role) for role in Role]))
    for path in ("/mail/ledger/", "/mail/boxes/"):
        page = client.get(path).content.decode()
        assert "support" not in page
        assert str(row.pk) not in page
    told = {"inbound": str(row.pk)}
    assert client.post("/mail/ledger/replay/", told).status_code == 409
    assert client.post("/mail/check/", {"known": "support"}).status_code == 404


@pytest.mark.parametrize("role", [None, *Role])
def test_who_may_try_a_connection(row: Inbound, role: Role | None) -> None:
    client = Client()
    if role is not None:
        client.force_login(UserFactory(roles=[(row.mailbox.desk, role)]))
    status = client.post("/mail/check/", {"kind": "imap"}).status_code
    assert status == (302 if role is None else 200 if role in ADMINS else 403)


def test_everybody_may_write_by_a_form_and_nobody_else_s_mailbox_is_one(support: Mailbox) -> None:
    assert Client().get("/form/support/").status_code == 404
    Mailbox.objects.update(kind=MailboxKind.FORM)
    assert Client().get("/form/support/").status_code == 200
    assert Client().get("/form/support/sent/").status_code == 200


def test_what_a_mail_carries_is_saved_and_never_run(row: Inbound) -> None:
    client = Client()
    client.force_login(UserFactory(roles=[(row.mailbox.desk, Role.AGENT)]))
    for path in ("raw/", "parts/0/"):
        answer = client.get(f"/mail/{row.pk}/{path}")
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert b"".join(answer.streaming_content)
    assert client.get(f"/mail/{row.pk}/parts/7/").status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_who_may_have_a_message_filed_again(support: Mailbox, clock: SetClock, role: Role) -> None:
    row = arrive(support, mail(sender="", message_id="<n@x>"), clock)
    who = actor("someone", role)
    if role in {Role.LEAD, Role.DESK_ADMIN}:
        actions.replay(who, row, clock=clock)
        assert Inbound.objects.get().verdict == Verdict.WAITING
        assert actions.file(row.pk, clock=clock) == Verdict.PARKED
    else:
        with pytest.raises(NotAllowed):
            actions.replay(who, row, clock=clock)


def test_what_is_in_a_ticket_stays_there(support: Mailbox, clock: SetClock) -> None:
    row = arrive(support, mail(), clock)
    with pytest.raises(Conflict, match="Only a message"):
        actions.replay(SYSTEM, row, clock=clock)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_make_a_mailbox(db: None, role: Role) -> None:
    desk = DeskFactory()
    who = actor("someone", role, desk=desk)
    if role == Role.DESK_ADMIN:
        made = actions.create_mailbox(who, desk, "sales", "Sales@Desk.example", kind=MailboxKind.IMAP)
        assert (made.address, made.language) == ("sales@desk.example", desk.language)
    else:
        with pytest.raises(NotAllowed):
            actions.create_mailbox(who, desk, "sales", "sales@desk.example")


@pytest.mark.parametrize(
    ("name", "address", "error"),
    [
        ("two words", "a@desk.example", Invalid),
        ("", "a@desk.example", Invalid),
        ("sales", "nobody", Invalid),
        ("support", "a@desk.example", Conflict),
        ("sales", "Support@desk.example", Conflict),
    ],
)
def test_a_mailbox_that_cannot_be(support: Mailbox, name: str, address: str, error: type[DeskError]) -> None:
    with pytest.raises(error):
        actions.create_mailbox(SYSTEM, support.desk, name, address)
    assert Mailbox.objects.count() == 1


class TestGoingOut:
    """Letters of ours and how a mailbox sends."""

    WORKERS = {Role.AGENT, Role.SPECIALIST, Role.LEAD}
    TABLE = (
        ("get", "/mail/out/", READERS),
        ("get", "/mail/out/{out}/raw/", READERS),
        ("get", "/mail/out/{out}/parts/0/", READERS),
        ("post", "/mail/out/{out}/undo/", {Role.LEAD}),
        ("post", "/mail/out/{out}/resend/", WORKERS),
        ("get", "/mail/boxes/support/out/", {Role.DESK_ADMIN}),
        ("post", "/mail/boxes/support/out/", {Role.DESK_ADMIN}),
        ("post", "/mail/boxes/support/out/text/", {Role.DESK_ADMIN}),
        ("post", "/mail/boxes/support/out/limits/", {Role.DESK_ADMIN}),
    )

    @pytest.fixture
    def letter(self, row: Inbound, clock: SetClock) -> str:
        assert row.ticket is not None
        file = actions.OutgoingFile.keep("plan.html", "text/html", b"<script>alert(1)</script>")
        made = actions.queue_reply(SYSTEM, row.ticket, text="Done.", attachments=[file], clock=clock)
        return str(made.pk)

    @pytest.mark.parametrize(("method", "path", "allowed"), TABLE)
    def test_table(self, row: Inbound, letter: str, method: str, path: str, allowed: set[Role]) -> None:
        assert wrongs(path.format(out=letter), method, allowed, row.mailbox.desk) == []

    @pytest.mark.parametrize(("method", "path", "allowed"), TABLE)
    def test_nothing_of_another_desk(
        self, row: Inbound, letter: str, method: str, path: str, allowed: set[Role]
    ) -> None:
        client = Client()
        client.force_login(UserFactory(roles=[(DeskFactory(key="globex"), role) for role in Role]))
        answer = getattr(client, method)(path.format(out=letter))
        if path == "/mail/out/":
            assert b"Done." not in answer.content
            assert letter.encode() not in answer.content
        else:
            assert answer.status_code == 404

    def test_a_file_we_sent_is_saved_and_never_run(self, row: Inbound, letter: str) -> None:
        client = Client()
        client.force_login(UserFactory(roles=[(row.mailbox.desk, Role.AGENT)]))
        for path in ("raw/", "parts/0/"):
            answer = client.get(f"/mail/out/{letter}/{path}")
            assert answer["Content-Type"] == "application/octet-stream"
            assert answer["Content-Disposition"].startswith("attachment")
            assert "sandbox" in answer["Content-Security-Policy"]
        assert client.get(f"/mail/out/{letter}/parts/7/").status_code == 404
