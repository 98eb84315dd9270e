"""The ledger's pages: figures that add up, filters, one message with all that is known, filed again, accepted."""

import re

import pytest
from django.test import Client

from helpline.core import registry
from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.mail import actions, events, queries
from helpline.mail.incoming import filing
from helpline.mail.models import Inbound, Mailbox, Verdict
from helpline.mail.queries import Wanted
from helpline.mail.tests.factories import MailboxFactory, arrive, mail
from helpline.people.access import actor_for
from helpline.people.models import User
from helpline.people.tests.factories import person
from helpline.tickets.models import Ticket

AUTO = {"Auto_Submitted": "auto-replied"}


@pytest.fixture
def lena(support: Mailbox) -> User:
    return person("lena", Role.LEAD, desk=support.desk)


@pytest.fixture
def browser(lena: User) -> Client:
    client = Client()
    client.force_login(lena)
    return client


@pytest.fixture
def rows(support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> dict[str, Inbound]:
    """A ticket, a reply, the same bytes again, an automatic answer, one that broke the parser, one of another mailbox."""
    first = arrive(support, mail(), clock)
    found = {
        "ticket": first,
        "reply": arrive(
            support, mail("Still.", message_id="<2@acme.example>", answers="<first@acme.example>"), clock
        ),
        "duplicate": arrive(support, mail(), clock),
        "parked": arrive(
            support, mail(subject="Out of office", message_id="<3@acme.example>", **AUTO), clock
        ),
        "other": arrive(
            MailboxFactory(name="sales"), mail(subject="Prices", message_id="<5@acme.example>"), clock
        ),
    }
    with monkeypatch.context() as patch:
        patch.setattr(filing, "read", lambda _inbound: 1 / 0)
        found["failed"] = arrive(support, mail(subject="Broken", message_id="<4@acme.example>"), clock)
    return found


def page(browser: Client, query: str = "") -> str:
    answer = browser.get(f"/mail/ledger/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def listed(html: str) -> int:
    return html.count('id="inbound-')


def test_figures_add_up(rows: dict[str, Inbound], browser: Client, lena: User) -> None:
    totals = queries.totals(actor_for(lena))
    assert totals.all == len(rows) == Inbound.objects.count()
    by_name = {box.name: counts for box, counts in totals.rows}
    assert by_name["support"] == {
        "waiting": 0,
        "ticket": 1,
        "reply": 1,
        "duplicate": 1,
        "parked": 1,
        "failed": 1,
    }
    assert totals.sums == {name: sum(one[name] for one in by_name.values()) for name in Verdict.values}
    html = page(browser)
    assert listed(html) == totals.all
    for verdict, count in totals.sums.items():
        assert listed(page(browser, f"?verdict={verdict}")) == count
    assert f'<span class="stat-number">{totals.all}</span>' in html


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?mailbox=sales", 1),
        ("?reason=error", 1),
        ("?reason=machine&verdict=parked", 1),
        ("?text=out+office", 1),
        ("?text=CARL@acme", 6),
        ("?text=broken&verdict=failed", 1),
        ("?text=nothing", 0),
        ("?part=rows&mailbox=support", 5),
    ],
)
def test_filters(rows: dict[str, Inbound], browser: Client, query: str, count: int) -> None:
    assert listed(page(browser, query)) == count


def test_pages_follow_one_another(
    rows: dict[str, Inbound], lena: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, seen, after = actor_for(lena), [], ""
    while True:
        found = queries.ledger(who, Wanted(), after, size=4)
        seen += [row.pk for row in found.rows]
        after = found.next_after
        if not after:
            break
    assert len(seen) == len(set(seen)) == len(rows)


def test_empty_pages_say_what_helps(support: Mailbox, browser: Client) -> None:
    assert "No mail yet" in page(browser)
    assert "No message fits" in page(browser, "?text=zzz")


def test_one_message_says_all_that_is_known(rows: dict[str, Inbound], browser: Client) -> None:
    reply = browser.get(f"/mail/ledger/{rows['reply'].pk}/").content.decode()
    assert "Still." in reply
    assert "it answers a message of the ticket" in reply
    assert "In-Reply-To: &lt;first@acme.example&gt;" in reply
    failed = browser.get(f"/mail/ledger/{rows['failed'].pk}/").content.decode()
    assert "ZeroDivisionError" in failed
    assert "File it again" in failed
    duplicate = browser.get(f"/mail/ledger/{rows['duplicate'].pk}/").content.decode()
    assert f"/mail/ledger/{rows['ticket'].pk}/" in duplicate
    assert "File it again" not in duplicate


def test_what_a_message_says_is_text_and_never_runs(
    support: Mailbox, clock: SetClock, browser: Client
) -> None:
    evil = "<script>alert(1)</script>"
    row = arrive(support, mail(f"Hello {evil}", subject=evil, sender=f'"{evil}" <carl@acme.example>'), clock)
    for html in (page(browser), browser.get(f"/mail/ledger/{row.pk}/").content.decode()):
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert" in html


def test_headers_of_a_message_that_was_erased(
    rows: dict[str, Inbound], browser: Client, clock: SetClock
) -> None:
    Inbound.objects.filter(pk=rows["ticket"].pk).update(raw_erased_at=clock.now())
    html = browser.get(f"/mail/ledger/{rows['ticket'].pk}/").content.decode()
    assert "The bytes of this message were erased." in html
    assert "Original" not in html


def test_many_are_filed_again(rows: dict[str, Inbound], browser: Client, clock: SetClock) -> None:
    chosen = [str(rows[name].pk) for name in ("failed", "parked", "ticket")]
    answer = browser.post("/mail/ledger/replay/", {"inbound": chosen, "back": "/mail/ledger/?verdict=failed"})
    assert answer["Location"] == "/mail/ledger/?verdict=failed"
    assert Inbound.objects.filter(verdict=Verdict.WAITING).count() == 2
    assert actions.file(rows["failed"].pk, clock=clock) == Verdict.TICKET
    assert actions.file(rows["parked"].pk, clock=clock) == Verdict.PARKED


@pytest.mark.parametrize("chosen", [[], ["", "nonsense"]])
def test_nothing_to_file_again(rows: dict[str, Inbound], browser: Client, chosen: list[str]) -> None:
    assert browser.post("/mail/ledger/replay/", {"inbound": chosen}).status_code == 422


def test_elsewhere_nobody_is_sent(rows: dict[str, Inbound], browser: Client) -> None:
    told = {"inbound": str(rows["failed"].pk), "back": "https://evil.example/mail/ledger/"}
    assert browser.post("/mail/ledger/replay/", told)["Location"] == "/mail/ledger/"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (mail(subject="Out of office", **AUTO), "machine"),
        (mail(sender=""), "no_sender"),
        (mail("x" * 3000), "too_large"),
    ],
)
def test_a_parked_message_is_accepted_all_the_same(
    support: Mailbox, browser: Client, clock: SetClock, raw: bytes, reason: str
) -> None:
    Mailbox.objects.update(max_size=2000)
    row = arrive(Mailbox.objects.select_related("desk").get(pk=support.pk), raw, clock)
    assert (row.verdict, row.reason) == (Verdict.PARKED, reason)
    answer = browser.post(f"/mail/ledger/{row.pk}/accept/")
    ticket = Ticket.objects.get()
    assert answer["Location"] == f"/tickets/{ticket.number}/"
    row.refresh_from_db()
    assert (row.verdict, row.ticket_id, row.accepted) == (Verdict.TICKET, ticket.pk, True)
    assert "accepted by hand" in browser.get(f"/mail/ledger/{row.pk}/").content.decode()
    assert browser.post(f"/mail/ledger/{row.pk}/accept/").status_code == 409


def test_a_large_message_is_told_to_who_answers(
    support: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Inbound] = []
    monkeypatch.setattr(registry, "_hooks", {})
    registry.on(events.HOOK_TOO_LARGE, lambda inbound, clock: heard.append(inbound))
    Mailbox.objects.update(max_size=100)
    row = arrive(Mailbox.objects.select_related("desk").get(pk=support.pk), mail(), clock)
    assert [one.pk for one in heard] == [row.pk]


def test_failures_are_counted_in_the_rail(rows: dict[str, Inbound], browser: Client) -> None:
    html = browser.get("/mail/notice/").content.decode()
    assert re.search(r'id="rail-badge-mail_ledger"[^>]*>1<', html)
    assert 'id="mail-feed"' in page(browser)
