"""Calls over the interface: what is shown, who may act, and what a refusal says."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from helpline.acd.models import Decision
from helpline.api.tests.conftest import Ask, Phone
from helpline.core.errors import Conflict
from helpline.people import actions as people_actions
from helpline.people.models import User
from helpline.procedure import actions
from helpline.procedure.tests.story import Story
from helpline.telephony.models import CallEvent, CallState, Recording, RecordingState

LIST_BUDGET = 6
VERBS = (
    *("answer", "reject", "hold", "unhold", "consult", "swap", "merge", "complete", "cancel_consult"),
    *("transfer", "hangup", "wrap_up_done", "pause_recording", "resume_recording"),
)
BODIES = {
    "consult": {"to": "sven", "summary": "VPN"},
    "transfer": {"to": "queue:vpn"},
    "hold": {"asked": True},
}


def test_without_a_known_token_nothing_is_told(story: Story, ask: Ask) -> None:
    answer = ask(None, "GET", "/calls")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert set(answer.json()) == {"code", "message", "help"}
    assert ask(story.lena, "GET", "/calls").status_code == 200
    User.objects.filter(pk=story.lena.pk).update(is_active=False)
    assert ask(story.lena, "GET", "/calls").status_code == 401


def test_the_list_shows_the_calls_of_ones_own_desks_newest_first(story: Story, ask: Ask) -> None:
    first = story.call(story.ada, state=CallState.ENDED, wait_s=Decimal("4.250"), outcome="answered")
    story.clock.advance(10)
    second = story.call(story.ben)
    story.call(story.greta, desk=story.globex, contact=None)
    shown = ask(story.ada, "GET", "/calls").json()
    assert [row["id"] for row in shown["items"]] == [str(second.pk), str(first.pk)]
    row = shown["items"][1]
    assert (row["from"], row["to"], row["queue"], row["agent"]) == ("+31305550199", "100", "vpn", "ada")
    assert (row["wait_s"], row["talk_s"], row["outcome"], row["contact"]) == (
        4.25,
        None,
        "answered",
        "Carl Jansen",
    )


def test_filters_narrow_and_pages_follow_without_gap_or_repeat(story: Story, ask: Ask) -> None:
    for number in range(7):
        story.clock.advance(0 if number % 2 else 60)
        story.call(story.ada if number < 4 else story.ben, from_number=f"+3130555{number:04}")
    seen: list[str] = []
    after = ""
    while True:
        page = ask(story.ada, "GET", f"/calls?limit=2&after={after}").json()
        seen += [row["id"] for row in page["items"]]
        after = page["after"]
        if not after:
            break
    assert len(seen) == len(set(seen)) == 7

    def count(query: str) -> int:
        return len(ask(story.ada, "GET", f"/calls?{query}").json()["items"])

    since = (story.clock.now() - timedelta(seconds=1)).isoformat().replace("+", "%2B")
    assert (count("agent=ben"), count("state=talking"), count("state=ended")) == (3, 7, 0)
    assert (count("queue=vpn"), count("queue=none"), count("from=0003"), count(f"since={since}")) == (
        7,
        0,
        1,
        1,
    )
    assert ask(story.ada, "GET", "/calls?after=nonsense").status_code == 422
    assert ask(story.ada, "GET", "/calls?state=dreaming").status_code == 422
    assert ask(story.ada, "GET", "/calls?limit=100000").status_code == 422


def test_the_list_costs_few_queries(story: Story, ask: Ask) -> None:
    for _number in range(12):
        actions.settle_ticket(story.actor(story.ada), story.run(), clock=story.clock)
    ask(story.ada, "GET", "/calls")
    with CaptureQueriesContext(connection) as spent:
        shown = ask(story.ada, "GET", "/calls").json()
    assert all(row["tickets"] for row in shown["items"])
    assert len(spent) <= LIST_BUDGET, [query["sql"][:120] for query in spent.captured_queries]


def test_one_call_tells_its_whole_story(story: Story, ask: Ask) -> None:
    run = story.run()
    call = run.call
    CallEvent.objects.create(call=call, at=story.clock.now(), kind="arrived", leg_id="x", data={"to": "100"})
    Decision.objects.create(
        call=call,
        user=story.ada,
        at=story.clock.now() + timedelta(seconds=1),
        kind="offer",
        why={"code": "chosen", "params": {"agent": "ada"}},
    )
    recording = Recording.objects.create(
        call=call, name="r1", state=RecordingState.STORED, duration_ms=61500, started_at=story.clock.now()
    )
    story.clock.advance(12)
    actions.enter_step(story.actor(story.ada), run, "listen", clock=story.clock)
    shown = ask(story.ada, "GET", f"/calls/{call.pk}").json()
    assert [leg["agent"] for leg in shown["legs"]] == ["ada"]
    kinds = [event["kind"] for event in shown["events"]]
    assert kinds.index("arrived") < kinds.index("offer")
    why = next(event for event in shown["events"] if event["kind"] == "offer")
    assert why["why"]
    assert why["data"]["code"] == "chosen"
    assert shown["recording_url"] == f"http://testserver/recordings/{recording.pk}.wav"
    assert shown["recordings"][0]["duration_s"] == 61.5
    assert run.ticket is not None
    assert shown["tickets"] == [run.ticket.number]
    assert shown["procedure"]["steps"][0] == {
        "key": "greeting",
        "title": "Greeting",
        "seconds": 12.0,
        "visits": 1,
    }
    assert shown["procedure"]["open_tickets"] == [run.ticket.number]


@pytest.mark.parametrize("path", ["/calls/00000000-0000-4000-8000-000000000000", "/calls/no-id"])
def test_an_unknown_call_is_not_found(story: Story, ask: Ask, path: str) -> None:
    answer = ask(story.ada, "GET", path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "no_call"


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_reaches_the_phone_with_its_words(story: Story, ask: Ask, phone: Phone, verb: str) -> None:
    call = story.call(story.ada)
    body: Any = BODIES.get(verb)
    answer = ask(story.ada, "POST", f"/calls/{call.pk}/{verb}", body)
    assert answer.status_code == 200, answer.content
    assert answer.json()["id"] == str(call.pk)
    (command,) = phone.asked
    assert (command.verb, command.call_id, command.user_id) == (verb, call.pk, story.ada.pk)
    assert (body or {}).items() <= command.args.items()


def test_adas_token_cannot_act_on_a_globex_call(story: Story, ask: Ask, phone: Phone) -> None:
    call = story.call(story.greta, desk=story.globex, contact=None)
    for verb in VERBS:
        answer = ask(story.ada, "POST", f"/calls/{call.pk}/{verb}", BODIES.get(verb))
        assert answer.status_code == 404, verb
    assert ask(story.ada, "GET", f"/calls/{call.pk}").status_code == 404
    assert phone.asked == []


def test_hands_off_a_colleagues_call_but_its_lead_may(story: Story, ask: Ask, phone: Phone) -> None:
    call = story.call(story.ada)
    refused = ask(story.ben, "POST", f"/calls/{call.pk}/hangup")
    assert refused.status_code == 403
    assert refused.json()["code"] == "not_your_call"
    assert phone.asked == []
    assert ask(story.lena, "POST", f"/calls/{call.pk}/hangup").status_code == 200
    story.leg(call, story.sven)
    assert ask(story.sven, "POST", f"/calls/{call.pk}/merge").status_code == 200


def test_what_the_phone_refuses_is_told_with_what_helps(story: Story, ask: Ask, phone: Phone) -> None:
    phone.refusal = Conflict("The caller is on hold.", code="on_hold", help="Take them back first.")
    call = story.call(story.ada)
    answer = ask(story.ada, "POST", f"/calls/{call.pk}/hold", {"asked": True})
    assert answer.status_code == 409
    assert answer.json() == {
        "code": "on_hold",
        "message": "The caller is on hold.",
        "help": "Take them back first.",
    }


def test_a_call_that_is_over_cannot_be_held(story: Story, ask: Ask, phone: Phone) -> None:
    call = story.call(story.ada, state=CallState.ENDED)
    answer = ask(story.ada, "POST", f"/calls/{call.pk}/hold")
    assert (answer.status_code, answer.json()["code"]) == (409, "call_ended")
    assert (
        ask(story.ada, "POST", f"/calls/{call.pk}/wrap_up_done", {"disposition": "solved"}).status_code == 200
    )


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("consult", None),
        ("consult", {"to": " "}),
        ("transfer", {}),
        ("hold", {"asked": "perhaps"}),
        ("consult", {"to": "sven", "volume": 11}),
    ],
)
def test_a_body_that_does_not_fit_names_the_place(
    story: Story, ask: Ask, phone: Phone, verb: str, body: Any
) -> None:
    call = story.call(story.ada)
    answer = ask(story.ada, "POST", f"/calls/{call.pk}/{verb}", body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
    assert answer.json()["help"]
    assert phone.asked == []


def test_a_recording_is_fetched_with_the_same_token(story: Story, ask: Ask) -> None:
    recording = Recording.objects.create(
        call=story.call(story.ada), name="r1", state=RecordingState.FAILED, started_at=story.clock.now()
    )
    address = f"/recordings/{recording.pk}.wav"

    def fetch(token: str) -> int:
        return int(Client().get(address, headers={"Authorization": f"Bearer {token}"}).status_code)

    assert Client().get(address).status_code == 302
    assert fetch("wrong") == 401
    assert fetch(people_actions.create_token(story.ada, "mine")) == 404  # heard, but the sound is not there
    assert fetch(people_actions.create_token(story.ben, "mine")) == 403
    assert fetch(people_actions.create_token(story.greta, "mine")) == 404
