"""The panel and the pages of procedures, as each role gets them."""

import re
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from helpline.core.access import Role
from helpline.knowledge.models import Article
from helpline.people.models import Presence, RoleGrant, User
from helpline.procedure import actions
from helpline.procedure.models import CallRun, GatePass, Procedure
from helpline.procedure.tests.story import Story
from helpline.telephony.models import Call, CallState
from helpline.tickets.models import Incident, Promise, Ticket

#: queries of the panel in any step
PANEL_BUDGET = 12


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


SignIn = Callable[[User], Client]


def url(run: CallRun, act: str = "") -> str:
    return f"/procedure/{run.call_id}/{act}/" if act else f"/procedure/{run.call_id}/"


def test_the_panel_leads_with_the_words_filled_in(story: Story, as_user: SignIn) -> None:
    run = story.run()
    page = as_user(story.ada).get(url(run)).content.decode()
    assert "Good day, Acme IT Help Desk, my name is Ada." in page
    assert "Thank you, Carl Jansen." in page
    assert 'aria-current="step"' in page
    assert 'data-key="1"' in page
    assert f"live:call:{run.call_id} from:body" in page
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|hx-on|hx-vals='js:", page)


def test_a_call_without_a_chosen_ticket_is_worked_on_at_its_own_page(story: Story, as_user: SignIn) -> None:
    run, ada = story.run(), as_user(story.ada)
    live = ada.get(f"/calls/{run.call_id}/").content.decode()
    assert 'id="procedure-tick-greeted"' in live
    Call.objects.filter(pk=run.call_id).update(state=CallState.ENDED)
    over = ada.get(f"/calls/{run.call_id}/").content.decode()
    assert 'id="procedure-tick-greeted"' not in over
    assert "procedure-record" in over


def test_what_nobody_knows_yet_is_marked(story: Story, as_user: SignIn) -> None:
    run = story.run(contact=None)
    assert "<mark>name of the caller</mark>" in as_user(story.ada).get(url(run)).content.decode()


def test_ada_goes_through_the_call_with_clicks(story: Story, as_user: SignIn) -> None:
    run, ada = story.run(), as_user(story.ada)
    ticked = ada.post(url(run, "tick"), {"key": "greeted", "value": "true"})
    assert 'aria-checked="true"' in ticked.content.decode()
    assert ada.post(url(run, "answer"), {"key": "subject", "value": "VPN drops"}).status_code == 204
    entered = ada.post(url(run, "step"), {"step": "goodbye"}).content.decode()
    assert "Is there anything else I can do for you?" in entered
    refused = ada.post(url(run, "gate"), {"gate": "closing", "how": "solved"})
    assert refused.status_code == 409
    assert refused["HX-Retarget"] == "#procedure"
    assert "Ask whether it works as they want it." in refused.content.decode()
    assert (
        ada.post(url(run, "gate"), {"gate": "closing", "how": "solved", "validated": "on"}).status_code == 200
    )
    closed = ada.post(url(run, "close")).content.decode()
    assert "This call is complete." in closed
    assert Ticket.objects.get(pk=run.ticket_id).status == "solved"


def test_a_promise_is_read_in_the_desks_own_time(story: Story, as_user: SignIn) -> None:
    from helpline.core.clock import SYSTEM

    run, ada = story.run(), as_user(story.ada)
    local = (
        (SYSTEM.now() + timedelta(days=1))
        .astimezone(ZoneInfo("Europe/Amsterdam"))
        .replace(second=0, microsecond=0, tzinfo=None)
    )
    sent = {
        "gate": "closing",
        "how": "next_steps_told",
        "ticket_told": "on",
        "next_steps": "We call you.",
        "due_at": local.isoformat(timespec="minutes"),
    }
    assert ada.post(url(run, "gate"), sent | {"due_at": "2026-01-05T08:00"}).status_code == 409
    assert ada.post(url(run, "gate"), sent | {"due_at": "soon"}).status_code == 409
    assert not Promise.objects.exists()
    ada.post(url(run, "step"), {"step": "goodbye"})
    kept = ada.post(url(run, "gate"), sent | {"due_at": ""}).content.decode()
    assert 'value="We call you."' in kept
    assert ada.post(url(run, "gate"), sent).status_code == 200
    assert Promise.objects.get().due_at.astimezone(ZoneInfo("Europe/Amsterdam")).replace(tzinfo=None) == local


def test_a_licence_stays_behind_the_gate_on_the_page_too(story: Story, as_user: SignIn) -> None:
    run, ada, asset = story.run(), as_user(story.ada), story.asset()
    shut = ada.post(url(run, f"licence/{asset.pk}"))
    assert shut.status_code == 409
    assert "OFFICE-4711" not in shut.content.decode()
    ada.post(url(run, "gate"), {"gate": "identity", "how": "callback"})
    assert "OFFICE-4711" in ada.post(url(run, f"licence/{asset.pk}")).content.decode()


def test_several_hit_is_shown_with_the_incident_to_join(story: Story, as_user: SignIn) -> None:
    from helpline.core.clock import SYSTEM

    now = SYSTEM.now()
    story.ticket("Also down", requester=None, created_at=now, updated_at=now)
    outage = Incident.objects.create(desk=story.acme, title="VPN is down", declared_at=now)
    run, ada = story.run(), as_user(story.ada)
    page = ada.post(url(run, "step"), {"step": "troubleshoot"}).content.decode()
    assert "1 more live ticket of this category" in page
    assert "VPN is down" in page
    assert "Alert the incident team" in page
    joined = ada.post(url(run, f"incident/{outage.pk}")).content.decode()
    assert "joined" in joined


def test_the_caller_is_found_by_name_and_chosen(story: Story, as_user: SignIn) -> None:
    run, ada = story.run(contact=None), as_user(story.ada)
    found = ada.get(url(run, "callers"), {"q": "jansen"}).content.decode()
    assert f'"value": "{story.carl.pk}"' in found
    ada.post(url(run, "tick"), {"key": "requester", "value": str(story.carl.pk)})
    assert Ticket.objects.get(pk=run.ticket_id).requester == story.carl


def test_words_of_callers_are_words_not_markup(story: Story, as_user: SignIn) -> None:
    run, ada = story.run(), as_user(story.ada)
    ada.post(url(run, "answer"), {"key": "subject", "value": "<img src=x>"})
    assert "<img src=x>" not in ada.post(url(run, "step"), {"step": "listen"}).content.decode()


@pytest.mark.parametrize(
    "step", ["greeting", "listen", "troubleshoot", "diagnose", "explain", "solve", "goodbye"]
)
def test_the_panel_costs_few_queries(story: Story, as_user: SignIn, step: str) -> None:
    from helpline.core.clock import SYSTEM

    story.asset()
    for number in range(5):
        story.ticket(f"VPN {number}", created_at=SYSTEM.now())
        Article.objects.create(
            desk=story.acme,
            title=f"VPN {number}",
            body="-",
            category_path="Network",
            updated_at=story.clock.now(),
        )
        Incident.objects.create(desk=story.acme, title=f"Down {number}", declared_at=story.clock.now())
    run = story.run()
    actions.enter_step(story.actor(story.ada), run, "listen")
    actions.enter_step(story.actor(story.ada), run, step)
    client = as_user(story.ada)
    with CaptureQueriesContext(
        connection,
    ) as spent:
        assert client.get(url(run)).status_code == 200
    assert len(spent) <= PANEL_BUDGET, [query["sql"][:140] for query in spent.captured_queries]


#: role -> (panel read, panel written, procedures read, procedures edited)
ROLES = {
    "nobody": (302, 302, 302, 302),
    "agent of the call": (200, 200, 200, 403),
    "other agent": (200, 403, 200, 403),
    "specialist on the line": (200, 200, 200, 403),
    "lead": (200, 200, 200, 200),
    "coach": (200, 403, 200, 403),
    "manager": (200, 403, 200, 403),
    "desk_admin": (200, 403, 200, 200),
    "phone_admin": (403, 403, 200, 403),
    "lead of another desk": (404, 404, 404, 404),
}


def _client_of(story: Story, run: CallRun, who: str, as_user: SignIn) -> Client:
    if who == "nobody":
        return Client()
    people = {
        "agent of the call": story.ada,
        "other agent": story.ben,
        "specialist on the line": story.sven,
        "lead": story.lena,
        "lead of another desk": story.greta,
    }
    if who in people:
        return as_user(people[who])
    user = User.objects.create(username=who)
    RoleGrant.objects.create(user=user, desk=story.acme, role=Role(who))
    return as_user(user)


@pytest.mark.parametrize("who", ROLES)
def test_permission_table(story: Story, as_user: SignIn, who: str) -> None:
    run, asset = story.run(), story.asset()
    story.leg(run.call, story.sven)
    ticket = story.ticket("Earlier")
    incident = Incident.objects.create(desk=story.acme, title="Down", declared_at=story.clock.now())
    article = Article.objects.create(desk=story.acme, title="A", body="-", updated_at=story.clock.now())
    procedure = run.version.procedure
    client = _client_of(story, run, who, as_user)
    read, write, procedures, edit = ROLES[who]
    for address in (url(run), url(run, "callers")):
        assert client.get(address).status_code == read, address
    GatePass.objects.create(run=run, gate="identity", how="callback", at=story.clock.now())
    for act, data in {
        "step": {"step": "listen"},
        "tick": {"key": "greeted", "value": "true"},
        "ticket": {"number": str(ticket.number)},
        f"incident/{incident.pk}": {},
        "alert": {},
        "assign": {"team": str(story.specialists.pk), "why": "Gateway."},
        f"article/{article.pk}": {},
        f"licence/{asset.pk}": {},
        "another": {},
        "gate": {"gate": "closing", "how": "solved", "validated": "on"},
    }.items():
        answer = client.post(url(run, act), data)
        assert answer.status_code == write, act
        assert client.get(url(run, act)).status_code in {302, 405, 403}, act
    answered = client.post(url(run, "answer"), {"key": "subject", "value": "VPN"}).status_code
    assert answered == {200: 204}.get(write, write)
    closed = client.post(url(run, "close")).status_code
    assert closed == {200: 409}.get(write, write)
    for page in ("", "compare/", "preview/"):
        assert client.get(f"/procedures/{procedure.pk}/{page}").status_code == procedures, page
    assert client.get(f"/procedures/{procedure.pk}/edit/").status_code == edit
    assert client.get("/procedures/").status_code == (302 if who == "nobody" else 200)
    typed = {"listen-say": "Tell me all.", "based_on": "1"}
    published = client.post(f"/procedures/{procedure.pk}/edit/", typed).status_code
    assert published == {200: 302}.get(edit, edit)
    assert procedure.versions.count() == (2 if edit == 200 else 1)


def test_lena_publishes_compares_and_looks_at_a_preview(story: Story, as_user: SignIn) -> None:
    procedure, lena = story.run().version.procedure, as_user(story.lena)
    assert procedure.name in lena.get("/procedures/").content.decode()
    typed = {"listen-say": "Tell me all, {caller}.", "based_on": "1", "note": "shorter"}
    assert lena.post(f"/procedures/{procedure.pk}/edit/", typed).status_code == 302
    compared = lena.get(f"/procedures/{procedure.pk}/compare/").content.decode()
    assert "<ins>Say: Tell me all, {caller}.</ins>" in compared
    shown = lena.get(f"/procedures/{procedure.pk}/preview/").content.decode()
    assert "Tell me all, Carl Jansen." in shown
    first = lena.get(f"/procedures/{procedure.pk}/?version=1").content.decode()
    assert "Tell me all" not in first
    assert lena.get(f"/procedures/{procedure.pk}/?version=9").status_code == 404


def test_what_is_wrong_is_said_beside_what_was_typed(story: Story, as_user: SignIn) -> None:
    procedure, lena = story.run().version.procedure, as_user(story.lena)
    typed = {"listen-say": "Hello {friend}", "listen-aim": "", "based_on": "1"}
    answer = lena.post(f"/procedures/{procedure.pk}/edit/", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Listen: {friend} is no placeholder." in page
    assert "Hello {friend}</textarea>" in page
    assert procedure.versions.count() == 1


def test_a_stale_form_does_not_undo_a_colleagues_version(story: Story, as_user: SignIn) -> None:
    procedure, lena = story.run().version.procedure, as_user(story.lena)
    lena.post(f"/procedures/{procedure.pk}/edit/", {"listen-say": "First.", "based_on": "1"})
    stale = lena.post(f"/procedures/{procedure.pk}/edit/", {"explain-say": "Second.", "based_on": "1"})
    assert stale.status_code == 409
    assert procedure.versions.count() == 2


def test_a_new_procedure_starts_with_the_seven_steps(story: Story, as_user: SignIn) -> None:
    lena = as_user(story.lena)
    assert lena.get("/procedures/new/").status_code == 200
    sent = {"name": "VPN calls", "desk": str(story.acme.pk), "queue": str(story.vpn.pk), "language": ""}
    assert lena.post("/procedures/new/", sent).status_code == 302
    made = Procedure.objects.get()
    assert (made.queue, made.language, made.versions.count()) == (story.vpn, "", 1)
    assert lena.post("/procedures/new/", sent).status_code == 409
    assert lena.post("/procedures/new/", sent | {"desk": str(story.globex.pk)}).status_code == 404
    assert as_user(story.ada).get("/procedures/new/").status_code == 403


def test_the_panel_stands_beside_the_ticket_and_the_record_in_its_thread(
    story: Story, as_user: SignIn
) -> None:
    run = story.run()
    assert run.ticket is not None
    page = as_user(story.ada).get(f"/tickets/{run.ticket.number}/").content.decode()
    assert 'id="procedure"' in page
    assert "closing open" in page
    Call.objects.filter(pk=run.call_id).update(state=CallState.ENDED)
    assert 'id="procedure"' in as_user(story.ada).get(f"/tickets/{run.ticket.number}/").content.decode()
    Presence.objects.update(call_id=None)
    over = as_user(story.ada).get(f"/tickets/{run.ticket.number}/").content.decode()
    assert 'id="procedure"' not in over
    assert "procedure-record" in over
