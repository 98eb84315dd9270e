"""No page asks the database more than twenty times: the whole page with shell and phone bar, or its main part alone.

The pages are those of the URL configuration. A page that is not in the table of samples fails, so that nobody
adds one whose cost is not known.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from helpline.acd.models import EntryPoint
from helpline.conf.demo import load
from helpline.conf.tests.busy_desk import BusyDesk, busy
from helpline.core.access import SYSTEM as SYSTEM_ACTOR
from helpline.core.clock import SYSTEM
from helpline.customers.models import Contact, Organisation
from helpline.knowledge.models import Article, Template
from helpline.knowledge.template_actions import save_template
from helpline.mail.actions import OutgoingFile, queue_reply, receive
from helpline.mail.actions import file as file_mail
from helpline.mail.models import Attachment, Inbound, Letter, Mailbox, MailboxKind, Outbound
from helpline.mail.tests.factories import mail
from helpline.people.access import actor_for
from helpline.people.actions import create_token
from helpline.people.models import Team, User
from helpline.procedure.models import Procedure
from helpline.procedure.parsing import parse
from helpline.telephony.asterisk import speech
from helpline.telephony.models import Recording, RecordingState, Trunk
from helpline.telephony.trunk_actions import TrunkFacts, save_trunk
from helpline.tickets.actions import add_note
from helpline.tickets.bulk_actions import apply as apply_bulk
from helpline.tickets.bulk_actions import prepare
from helpline.tickets.models import BulkChange, Category, Incident, Tag, Ticket, View
from helpline.tickets.view_actions import ViewFacts, save_view

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

BUDGET = 20
QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PEOPLE = ("ada", "ben", "sven", "lena", "guest")
#: a page as a browser asks for it: whole, its main part, a live part of it, a part by itself
LOADS: dict[str, dict[str, str]] = {
    "whole": {},
    "main": {"HX-Request": "true", "HX-Target": "main"},
    "part": {"HX-Request": "true"},
}
LIVE_PARTS = {"live": "board", "calls": "call-rows"}

Addresses = Callable[[BusyDesk], list[str]]


def _at(*args: object, queries: tuple[str, ...] = ("",)) -> Callable[[str], Addresses]:
    """A sample: the page with these arguments (functions take them from the desk), once for each query string."""

    def sample(name: str) -> Addresses:
        def addresses(desk: BusyDesk) -> list[str]:
            known = [arg(desk) if callable(arg) else arg for arg in args]
            return [reverse(name, args=known) + query for query in queries]

        return addresses

    return sample


def _call(desk: BusyDesk) -> object:
    return desk.call.pk


def _both_calls(name: str) -> Addresses:
    return lambda desk: [reverse(name, args=[call.pk]) for call in (desk.call, desk.past)]


def _number(desk: BusyDesk) -> int:
    return desk.ticket.number


def _contact(desk: BusyDesk) -> int | None:
    return desk.ticket.requester_id


def _other_contact(desk: BusyDesk) -> int:
    others = Contact.objects.filter(desk=desk.ticket.desk_id).exclude(pk=desk.ticket.requester_id)
    return others.order_by("pk")[0].pk


def _organisation(desk: BusyDesk) -> int:
    """The firm with the most contacts."""
    firms = Organisation.objects.filter(desk=desk.ticket.desk_id).annotate(people=Count("contacts"))
    return firms.order_by("-people", "pk")[0].pk


def _article(_desk: BusyDesk) -> int:
    return Article.objects.filter(desk__key="acme")[0].pk


def _procedure(_desk: BusyDesk) -> int:
    return Procedure.objects.filter(desk__key="acme")[0].pk


def _entry(_desk: BusyDesk) -> int:
    return EntryPoint.objects.get(number="100").pk


def _trunk(desk: BusyDesk) -> str:
    facts = TrunkFacts(name="budget", hosts=("sip.example.test",), register=False)
    known = Trunk.objects.filter(name="budget").first()
    return (known or save_trunk(SYSTEM_ACTOR, desk.ticket.desk, facts)).name


def _queue(desk: BusyDesk) -> str:
    return desk.call.queue_key


def _desk(desk: BusyDesk) -> int:
    return desk.ticket.desk_id


def _tag(desk: BusyDesk) -> int:
    return Tag.objects.filter(desk=_desk(desk), parent=None)[0].pk


def _prompt(desk: BusyDesk) -> str:
    """A rendered prompt, by its name."""
    speech.folder().mkdir(parents=True, exist_ok=True)
    (speech.folder() / f"{'7' * 64}.wav").write_bytes(b"RIFF")
    return "7" * 64


def _mail(_desk: BusyDesk) -> object:
    """A mail that came in with a file."""
    known = Inbound.objects.filter(source_uid="budget").first()
    if known is not None:
        return known.pk
    raw = mail(files=(("plan.bin", b"plan"),))
    received = receive(Mailbox.objects.get(name="support"), raw, "budget", queue=False)
    file_mail(received.inbound)
    return received.inbound.pk


def _form_mailbox(desk: BusyDesk) -> str:
    Mailbox.objects.get_or_create(
        name="budget-form",
        defaults={
            "desk": desk.ticket.desk,
            "address": "form@desk.example",
            "kind": MailboxKind.FORM,
            "created_at": SYSTEM.now(),
        },
    )
    return "budget-form"


def _mail_part(name: str) -> Addresses:
    return lambda desk: [reverse(name, args=[_mail(desk), 0])]


def _letter(desk: BusyDesk) -> object:
    return Letter.objects.get(inbound=_mail(desk)).pk


def _attachment(desk: BusyDesk) -> object:
    return Attachment.objects.filter(letter=_letter(desk))[0].pk


def _sent(desk: BusyDesk) -> object:
    """A letter of ours with a file."""
    known = Outbound.objects.filter(kind="reply").first()
    if known is not None:
        return known.pk
    file = OutgoingFile.keep("plan.bin", "application/octet-stream", b"plan")
    ticket = desk.ticket
    return queue_reply(SYSTEM_ACTOR, ticket, text="Done.", to="carl@acme.example", attachments=[file]).pk


def _letter_part(name: str) -> Addresses:
    return lambda desk: [reverse(name, args=[_sent(desk), 0])]


def _mailed(desk: BusyDesk) -> int:
    """The ticket of a mail that came in."""
    _mail(desk)
    found = Inbound.objects.get(source_uid="budget").ticket
    assert found is not None
    return found.number


def _template(desk: BusyDesk) -> int:
    """An answer with a placeholder."""
    known = Template.objects.filter(name="budget").first()
    body = "<div>Dear {contact}</div>"
    return (known or save_template(SYSTEM_ACTOR, desk.ticket.desk, name="budget", body=body)).pk


def _recording(desk: BusyDesk) -> object:
    return Recording.objects.filter(call=desk.past, state=RecordingState.STORED)[0].pk


def _tickets(name: str) -> Addresses:
    def addresses(desk: BusyDesk) -> list[str]:
        category = Category.objects.filter(desk__key="acme", parent=None)[0].pk
        incident = Incident.objects.filter(state="open")[0].pk
        tag = Tag.objects.filter(desk__key="acme", parent=None)[0].pk
        asked = (
            "",
            "?part=rows",
            "?status=any&sort=-priority&text=vpn",
            f"?category={category}&assignee=me&priority=critical",
            f"?incident={incident}&assignee=none&tag={tag}",
            f"?view={_view(desk)}&text=vpn&sort=-team",
            "?part=folders",
        )
        return [reverse(name) + query for query in asked]

    return addresses


def _view(desk: BusyDesk) -> int:
    """A view of the desk that asks about every field with choices."""
    known = View.objects.filter(name="budget").first()
    if known is not None:
        return known.pk
    team = Team.objects.filter(desk=desk.ticket.desk)[0]
    chosen = {"status": "live", "assignee": "me", "team": str(team.pk), "priority": "critical"}
    chosen |= {"category": str(Category.objects.filter(desk__key="acme")[0].pk), "channel": "mail"}
    chosen |= {"desk": str(desk.ticket.desk_id), "incident": str(Incident.objects.filter(state="open")[0].pk)}
    leaves = [{"field": key, "operator": "is", "value": [value]} for key, value in chosen.items()]
    facts = ViewFacts("budget", {"any": leaves}, desk=desk.ticket.desk)
    return save_view(actor_for(desk.people["lena"]), facts).pk


def _bulk(desk: BusyDesk) -> int:
    """A change of many tickets that was carried out."""
    known = BulkChange.objects.filter(source="budget").first()
    if known is not None:
        return known.pk
    lena = actor_for(desk.people["lena"])
    tickets = Ticket.objects.filter(desk=desk.ticket.desk).exclude(pk=desk.ticket.pk)
    bulk = prepare(lena, tickets, {"priority": desk.ticket.priority_id, "team": None}, source="budget")
    return apply_bulk(lena, bulk).pk


def _calls(name: str) -> Addresses:
    return lambda desk: [
        reverse(name) + query
        for query in ("", "?text=carl", "?state=live", f"?agent=ada&queue={desk.call.queue_key}")
    ]


SAMPLES: dict[str, Callable[[str], Addresses]] = {
    "home": _at(),
    "phone_bar": _at(),
    "phone_credentials": _at(),
    "calls": _calls,
    "call": _both_calls,
    "call_item": _both_calls,
    "live": _at(),
    "entry_points": _at(),
    "first_number": _at(),
    "new_number": _at(),
    "entry_point": _at(_entry),
    "queues": _at(),
    "new_queue": _at(),
    "queue": _at(_queue),
    "trunks": _at(),
    "new_trunk": _at(),
    "trunk": _at(_trunk),
    "people:desks": _at(),
    "people:desk": _at(_desk),
    "recording_file": _at(_recording),
    "prompt_file": _at(_prompt),
    "mail_raw": _at(_mail),
    "drafts": _at(),
    "compose": _at(_mailed, queries=("", "?kind=reply_all", "?kind=forward", "?kind=note")),
    "writers": _at(_mailed),
    "draft_file": _at(_mailed, 1),
    "mail_part": _mail_part,
    "mail_attachment": _at(_attachment),
    "letter": _at(_letter),
    "letter_quoted": _at(_letter),
    "mail_outbox": _at(queries=("", "?state=sent&kind=reply&text=x")),
    "mailbox_out": _at("support"),
    "mail_out_raw": _at(_sent),
    "mail_out_part": _letter_part,
    "mail_notice": _at(),
    "mail_oauth": _at(),
    "mail_ledger": _at(queries=("", "?part=rows", "?text=printer&verdict=ticket&mailbox=support")),
    "mail_message": _at(_mail),
    "mailboxes": _at(),
    "new_mailbox": _at(queries=("", "?kind=form")),
    "mailbox": _at(_form_mailbox),
    "mail_form": _at(_form_mailbox),
    "mail_form_sent": _at(_form_mailbox),
    "mail_junk": _at(queries=("", "?part=rows", "?text=invoice&mailbox=support")),
    "mail_address": _at("support", queries=("", "?part=check", "?part=trip")),
    "tickets:list": _tickets,
    "tickets:views": _at(),
    "tickets:new_view": _at(queries=("", "?assignee=me&priority=critical&category=1&text=vpn")),
    "tickets:view": _at(_view),
    "tickets:bulk": _at(),
    "tickets:bulk_change": _at(_bulk),
    "tickets:new": _at(),
    "tickets:statuses": _at(),
    "tickets:priorities": _at(),
    "tickets:desk_tags": _at(_desk, queries=("", "?text=cause")),
    "tickets:tag": _at(_desk, _tag),
    "tickets:ticket": lambda name: (
        lambda desk: [reverse(name, args=[number]) for number in (_number(desk), _mailed(desk))]
    ),
    "tickets:mention": _at(_number, 1),
    "tickets:fresh": _at(_number),
    "tickets:here": _at(_number),
    "tickets:incidents": _at(queries=("", "?part=list")),
    "customers:list": _at(queries=("", "?text=carl")),
    "customers:new": _at(),
    "customers:contact": _at(_contact),
    "customers:edit": _at(_contact),
    "customers:organisations": _at(queries=("", "?text=a")),
    "customers:new_organisation": _at(),
    "customers:organisation": _at(_organisation),
    "customers:edit_organisation": _at(_organisation),
    "customers:same": _at(_contact, queries=("", "?text=a")),
    "customers:merge": _at(_contact, _other_contact),
    "customers:erase": _at(_contact),
    "customers:history": _at(_contact),
    "people:setup": _at("none"),
    "people:notifications": _at(queries=("", "?kind=mention")),
    "people:bell": _at(),
    "people:open_notification": _at(1),
    "people:me": _at(),
    "people:list": _at(),
    "people:skills": _at(),
    "people:person": _at("sven"),
    "knowledge:list": _at(queries=("", "?text=vpn", "?category=Network")),
    "knowledge:new": _at(),
    "knowledge:article": _at(_article),
    "knowledge:templates": _at(queries=("", "?text=dear")),
    "knowledge:new_template": _at(),
    "knowledge:template": _at(_template),
    "knowledge:signatures": _at(_desk),
    "knowledge:edit": _at(_article),
    "procedure:panel": _both_calls,
    "procedure:callers": _at(_call, queries=("", "?q=carl")),
    "procedure:list": _at(),
    "procedure:new": _at(),
    "procedure:detail": _at(_procedure),
    "procedure:edit": _at(_procedure),
    "procedure:compare": _at(_procedure),
    "procedure:preview": _at(_procedure),
    "web:search": _at(queries=("", "?q=vpn", "?q=carl", "?q=%2B3130555")),
    "portal:call": _at(),
    "healthz": _at(),
    "metrics": _at(),
    "switch": _at(),
    "guesser_notice": _at(),
    "call_ladder": _both_calls,
    "api:openapi-json": _at(),
    "api:call_list": _at(queries=("", "?state=ended")),
    "api:call_detail": _both_calls,
    "api:ticket_list": _at(),
    "api:ticket_detail": _at(_number),
    "api:ticket_ties": _at(_number),
    "api:agent_list": _at(),
    "api:ledger": _at(queries=("", "?verdict=ticket&text=printer")),
    "api:inbound_detail": _at(_mail),
    "api:inbound_raw": _at(_mail),
    "api:sent": _at(queries=("", "?state=sent&to=carl@acme.example")),
    "api:outbound_detail": _at(_sent),
    "api:queue_list": _at(),
    "account_login": _at(),
    "account_logout": _at(),
    "account_inactive": _at(),
    "account_signup": _at(),
    "account_reauthenticate": _at(),
    "account_email": _at(),
    "account_email_verification_sent": _at(),
    "account_change_password": _at(),
    "account_set_password": _at(),
    "account_reset_password": _at(),
    "account_confirm_login_code": _at(),
    "account_confirm_email": _at("none"),
    "account_reset_password_from_key_done": _at(),
    "account_reset_password_from_key": _at("1", "none"),
    "account_reset_password_done": _at(),
    "mfa_index": _at(),
    "mfa_authenticate": _at(),
    "mfa_reauthenticate": _at(),
    "mfa_activate_totp": _at(),
    "mfa_deactivate_totp": _at(),
    "mfa_view_recovery_codes": _at(),
    "mfa_generate_recovery_codes": _at(),
    "mfa_download_recovery_codes": _at(),
}
#: addresses of the sign-in package that lead elsewhere unless something was asked for before
ELSEWHERE = frozenset(name for name in SAMPLES if name.startswith(("account_", "mfa_"))) | {
    "draft_file",
    "mail_oauth",
    "people:open_notification",
    "tickets:mention",
}
#: addresses that only take posts
POSTS = frozenset(
    {
        "phone_verb",
        *("draft", "draft_discard", "draft_files", "draft_file_remove", "draft_insert", "draft_send"),
        "draft_take_back",
        *(f"knowledge:{verb}" for verb in ("preview", "delete_template", "template_files")),
        *("knowledge:template_file_remove", "knowledge:my_signature"),
        *("people:choose_notifications", "people:all_seen"),
        *("trunk_switch", "trunk_drop"),
        *("mail_replay", "mail_accept", "mailbox_check", "mailbox_switch", "mailbox_try", "mailbox_connect"),
        "lift_ban",
        *("mail_not_junk", "mail_ticket_junk", "mail_trust", "mail_check", "mail_round_trip"),
        *("new_menu_key", "menu_key", "queue_need", "queue_need_drop", "new_queue_tip", "queue_tip"),
        *("people:new_desk", "people:new_team", "tickets:new_category"),
        *(f"tickets:{verb}" for verb in ("columns", "delete_view", "bulk_apply", "bulk_undo")),
        *(f"tickets:{verb}" for verb in ("properties", "requester", "note", "promise")),
        *(f"tickets:{verb}" for verb in ("promise_kept", "escalate", "another", "declare")),
        *(
            f"tickets:{verb}"
            for verb in ("tags", "tag_merge", "tag_archive", "status", "priority", "new_priority")
        ),
        *(f"tickets:{verb}" for verb in ("connect", "split", "undo", "unlink", "task", "task_done")),
        "letter_pictures",
        *("tickets:incident_edit", "tickets:incident_fix", "customers:numbers", "customers:assets"),
        "customers:addresses",
        "customers:delete_organisation",
        "customers:discard_asset",
        "customers:undo_merge",
        "customers:give_out",
        *(f"people:{verb}" for verb in ("new", "new_token", "drop_token", "phone_password")),
        *("people:roles", "people:active", "people:skill", "knowledge:used"),
        *(f"procedure:{verb}" for verb in ("step", "tick", "answer", "gate", "ticket", "another")),
        *(f"procedure:{verb}" for verb in ("incident", "alert", "assign", "article", "licence", "close")),
        *(f"api:{verb}" for verb in ("hold", "consult", "transfer", "wrap_up_done", "answer", "reject")),
        *(f"api:{verb}" for verb in ("unhold", "swap", "merge", "complete", "cancel_consult", "hangup")),
        *(f"api:{verb}" for verb in ("pause_recording", "resume_recording", "set_state")),
        *(f"api:{verb}" for verb in ("add_note", "front_end_message", "inbound_replay")),
        *(f"api:{verb}" for verb in ("reply", "outbound_undo", "outbound_resend")),
        *(
            f"api:{verb}"
            for verb in ("merge_ticket", "split_item", "undo_move", "link_ticket", "unlink_ticket")
        ),
        *("api:add_task", "api:finish_task", "mailbox_copies"),
        *("mail_out_undo", "mail_out_resend", "mailbox_auto_text", "mailbox_limits"),
    }
)
#: addresses that answer a GET under another name
TWINS = frozenset({"api:open_ticket", "api:change_ticket", "api:api-root"})
EXAMPLES = {"IntConverter": 1, "UUIDConverter": "00000000-0000-7000-8000-000000000001"}


def _patterns(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for found in resolver.url_patterns:
        if isinstance(found, URLResolver):
            yield from _patterns(found, f"{space}{found.namespace}:" if found.namespace else space)
        else:
            yield f"{space}{found.name}", found


PATTERNS = dict(_patterns(get_resolver()))


@pytest.fixture(scope="module")
def desk(django_db_setup: None, django_db_blocker: Any) -> Iterator[BusyDesk]:
    """The demo at a busy moment, for all tests here; taken back afterwards."""
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=QUICK), transaction.atomic():
        load(SYSTEM)
        yield busy(SYSTEM)
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def browsers(desk: BusyDesk) -> dict[str, Client]:
    """A browser for everybody; a guest's is not signed in."""
    return {name: _browser(desk.people.get(name)) for name in PEOPLE}


def _browser(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def _ask(client: Client, address: str, headers: dict[str, str]) -> tuple[int, list[str]]:
    """Status and queries of one answer, read to its end."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = client.get(address, headers=headers)
        if answer.streaming:
            b"".join(answer)
    return answer.status_code, [query["sql"] for query in asked.captured_queries]


def _over(who: str, load_name: str, address: str, asked: list[str]) -> str:
    """What went over: most repeated questions first."""
    told = Counter(sql[:200] for sql in asked).most_common()
    lines = "\n".join(f"    {times} x {sql}" for sql, times in told)
    return f"{address} ({load_name}, {who}) asked {len(asked)} times:\n{lines}"


def _loads(name: str) -> dict[str, dict[str, str]]:
    if name in LIVE_PARTS:
        return LOADS | {"live": {"HX-Request": "true", "HX-Target": LIVE_PARTS[name]}}
    return {"whole": {}} if name in ELSEWHERE else LOADS


def test_every_address_is_known() -> None:
    """A new page needs a sample here; an address without GET belongs to POSTS."""
    assert set(PATTERNS) == set(SAMPLES) | POSTS | TWINS


@pytest.mark.parametrize("name", sorted(set(SAMPLES)))
def test_a_page_asks_the_database_at_most_twenty_times(
    name: str, desk: BusyDesk, browsers: dict[str, Client]
) -> None:
    statuses: Counter[int] = Counter()
    over = []
    clients = browsers
    if name.startswith("api:"):
        token = create_token(desk.people["lena"], "budgets")
        clients = {"lena": Client(headers={"Authorization": f"Bearer {token}"})}
    for address in SAMPLES[name](name)(desk):
        for who, client in clients.items():
            for load_name, headers in _loads(name).items():
                status, asked = _ask(client, address, headers)
                statuses[status] += 1
                if len(asked) > BUDGET:
                    over.append(_over(who, load_name, address, asked))
    assert not over, "\n".join(over)
    assert max(statuses) < 500 or name == "healthz"
    assert statuses[200] or name in ELSEWHERE | {"healthz"}, statuses


@pytest.mark.parametrize("page", ["tickets:ticket", "procedure:panel"])
def test_every_step_of_the_procedure_keeps_to_it(
    page: str, desk: BusyDesk, browsers: dict[str, Client]
) -> None:
    about = desk.call.pk if page == "procedure:panel" else desk.ticket.number
    for step in parse(desk.run.version.document).steps:
        type(desk.run).objects.filter(pk=desk.run.pk).update(step=step.key)
        for load_name, headers in LOADS.items():
            status, asked = _ask(browsers["ada"], reverse(page, args=[about]), headers)
            assert status == 200
            assert len(asked) <= BUDGET, _over("ada", f"{load_name}, step {step.key}", page, asked)


def test_a_thread_of_two_hundred_items_costs_no_more(desk: BusyDesk, browsers: dict[str, Client]) -> None:
    ada, box = actor_for(desk.people["ada"]), Mailbox.objects.get(name="support")
    ticket = Inbound.objects.select_related("ticket").get(pk=_mail(desk)).ticket
    assert ticket is not None
    ids = ["<first@acme.example>"]
    for number in range(100):
        raw = mail(
            f"And {number}",
            message_id=f"<long{number}@acme.example>",
            answers=ids[-1],
            files=(("a.bin", b"a"),),
        )
        ids.append(f"<long{number}@acme.example>")
        file_mail(receive(box, raw, queue=False).inbound)
        add_note(ada, ticket, f"Note {number}")
    for load_name, headers in LOADS.items():
        status, asked = _ask(browsers["ada"], reverse("tickets:ticket", args=[ticket.number]), headers)
        assert status == 200
        assert len(asked) <= BUDGET, _over("ada", load_name, "a long thread", asked)


@pytest.mark.parametrize("name", sorted(POSTS))
def test_what_only_takes_posts_asks_nothing_for_a_get(name: str, browsers: dict[str, Client]) -> None:
    converters = PATTERNS[name].pattern.converters
    known = {key: EXAMPLES.get(type(one).__name__, "ada") for key, one in converters.items()}
    status, _asked = _ask(browsers["lena"], reverse(name, kwargs=known), {})
    assert status == 405
