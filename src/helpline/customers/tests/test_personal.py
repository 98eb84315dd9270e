"""Carl asks what we hold of him, and asks to be forgotten."""

import io
import json
import wave
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from helpline.acd.models import Command, FrontEndMessage, Reservation
from helpline.core.access import SYSTEM, Role
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.core.models import AuditRow
from helpline.core.redaction import ERASED, Redactor
from helpline.customers import actions, personal, queries
from helpline.customers.models import Asset, Contact, PhoneNumber
from helpline.people.access import actor_for
from helpline.people.models import RoleGrant, User
from helpline.procedure import actions as procedure
from helpline.procedure import notes
from helpline.procedure.tests.story import Story, tell
from helpline.telephony import actions as calls
from helpline.telephony import recordings
from helpline.telephony.models import Call, Recording, RecordingAccess, RecordingState
from helpline.tickets import actions as tickets
from helpline.tickets.models import Item, Promise, Ticket

NUMBER = "+31305550199"
#: nothing of this may be left
TRACES = ("carl", "jansen", "5550199", "carl@acme.example", "e1001", "his own words", "a-2231", "room 12")


@pytest.fixture
def story(db: None, settings: Any, tmp_path: Path) -> Story:
    """Carl called about his VPN; Ada followed the procedure, and it was recorded."""
    settings.MEDIA_ROOT = tmp_path
    told = tell()
    for name, role in (("dana", Role.DESK_ADMIN), ("mona", Role.MANAGER)):
        RoleGrant.objects.create(user=User.objects.create(username=name), desk=told.acme, role=role)
    ada = told.actor(told.ada)
    actions.add_number(ada, told.carl, "030 555 0199", clock=told.clock)
    actions.add_address(ada, told.carl, "Carl@Acme.example", clock=told.clock)
    actions.edit_contact(ada, told.carl, location="Room 12", note="Prefers mornings", clock=told.clock)
    actions.add_asset(ada, told.carl, tag="A-2231", kind="laptop", clock=told.clock)
    told.carl.refresh_from_db()
    return told


def a_call(story: Story) -> Call:
    """From his first ring to the note in the ticket."""
    clock, ada = story.clock, story.actor(story.ada)
    call = calls.register_call(
        "leg-1",
        from_number=NUMBER,
        from_name="Carl Jansen",
        to_number="100",
        endpoint="PJSIP/31305550199@trunk",
        up=True,
        clock=clock,
    )
    calls.note_facts(
        call.pk,
        clock,
        desk_id=story.acme.pk,
        contact_id=story.carl.pk,
        queue_key="vpn",
        agent_id=story.ada.pk,
    )
    calls.note(call.pk, "digit", leg="leg-1", data={"digit": "7"}, clock=clock)
    calls.note(call.pk, "transfer", data={"to": NUMBER}, clock=clock)
    call.refresh_from_db()
    run = procedure.begin(call, story.ada, clock=clock)
    assert run is not None
    for key, value in (
        ("requester", str(story.carl.pk)),
        ("subject", "VPN of Carl drops"),
        ("location", "Room 12"),
        ("asset_tag", "A-2231"),
        ("greeted", True),
        ("story", "His own words"),
        ("call_back", "030-555 01 99"),
    ):
        procedure.set_answer(ada, run, key, value, clock=clock)
    run.refresh_from_db()
    assert run.ticket is not None
    problem = run.problems.get()
    notes.write(ada, problem, clock)
    tickets.add_note(ada, run.ticket, "Mr Jansen is at 030-555 0199, new profile helped", clock=clock)
    due = clock.now().replace(year=2099)
    tickets.make_promise(ada, run.ticket, "Call Carl on +31 (0)30 5550199", due, call.pk, clock=clock)
    now = clock.now()
    Reservation.objects.create(
        user=story.sven, call=call, kind="consult", summary="Jansen, VPN", made_at=now, deadline=now
    )
    Command.objects.create(
        verb="dial", user=story.ada, args={"number": "0305550199"}, made_at=now, expires_at=now
    )
    calls.end_call(call.pk, by="caller", clock=clock)
    call.refresh_from_db()
    return call


def sound_of(call: Call, name: str, tone: int = 1) -> Recording:
    recordings.begin(call.pk, name)
    part = recordings._folder() / f"{name}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(part), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes([tone]) * 3200)
    recordings.stored(name, recordings.keep(part))
    return Recording.objects.get(name=name)


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def every_text() -> Iterator[tuple[str, str]]:
    """All columns of all tables, as text in small letters; numbers also without what stands between the digits."""
    for model in apps.get_models():
        for row in model._default_manager.values():
            for column, value in row.items():
                text = json.dumps(value, default=str, ensure_ascii=False).casefold()
                yield f"{model.__name__}.{column}", text
                yield f"{model.__name__}.{column}", "".join(one for one in text if one not in " -()./")


class TestCarlAsks:
    def test_he_is_given_all_of_it(self, story: Story) -> None:
        call = a_call(story)
        sound = sound_of(call, "one")
        answer = signed_in("mona").post(f"/contacts/{story.carl.pk}/give-out/")
        assert answer["Content-Type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as pack:
            held = json.loads(pack.read("contact.json"))
            wav = pack.read(held["calls"][0]["recordings"][0]["file"])
        assert wav == recordings.path_of(sound).read_bytes()
        assert (held["contact"]["name"], held["contact"]["organisation"]) == ("Carl Jansen", "Acme, Utrecht")
        assert held["numbers"] == [{"e164": NUMBER, "label": ""}]
        assert held["addresses"] == ["carl@acme.example"]
        assert held["assets"][0]["tag"] == "A-2231"
        (ticket,) = held["tickets"]
        assert ticket["promises"][0]["what"].startswith("Call Carl")
        assert {"note", "call", "change", "promise"} <= {item["kind"] for item in ticket["items"]}
        assert {"arrived", "digit"} <= {event["kind"] for event in held["calls"][0]["events"]}
        assert held["procedure"][0]["problems"][0]["answers"]["story"] == "His own words"
        assert held["told_to_colleagues"][0]["summary"] == "Jansen, VPN"

    def test_who_took_it_is_written_down(self, story: Story) -> None:
        sound_of(a_call(story), "one")
        signed_in("dana").post(f"/contacts/{story.carl.pk}/give-out/")
        row = AuditRow.objects.get(verb="give_out")
        assert (row.subject_id, row.actor_name) == (str(story.carl.pk), "dana")
        access = RecordingAccess.objects.get()
        assert (access.how, access.user) == ("export", User.objects.get(username="dana"))

    def test_nothing_of_others_is_in_it(self, story: Story) -> None:
        maria = Contact.objects.create(desk=story.acme, name="Maria Bakker", created_at=story.clock.now())
        sound_of(story.call(contact=maria, from_number="+31205550100"), "hers")
        story.ticket("Printer jams", requester=maria)
        with personal.give_out(SYSTEM, story.carl) as archive, zipfile.ZipFile(archive) as pack:
            assert pack.namelist() == ["contact.json"]
            assert b"Printer" not in pack.read("contact.json")

    def test_a_call_that_was_given_to_nobody_is_his_by_his_own_number(self, story: Story) -> None:
        early = story.call(contact=None, from_number="0305550199", state="ended")
        with personal.give_out(SYSTEM, story.carl) as archive, zipfile.ZipFile(archive) as pack:
            assert [one["id"] for one in json.loads(pack.read("contact.json"))["calls"]] == [str(early.pk)]

    def test_a_line_shared_with_others_proves_nobody(self, story: Story) -> None:
        maria = Contact.objects.create(desk=story.acme, name="Maria Bakker", created_at=story.clock.now())
        PhoneNumber.objects.create(contact=maria, e164=NUMBER)
        story.call(contact=None, state="ended")
        with personal.give_out(SYSTEM, story.carl) as archive, zipfile.ZipFile(archive) as pack:
            assert json.loads(pack.read("contact.json"))["calls"] == []


def erase(story: Story) -> None:
    personal.erase(actor_for(User.objects.get(username="dana")), story.carl, "carl  jansen")


class TestCarlIsForgotten:
    def test_nothing_of_him_is_left_in_any_table(
        self, story: Story, django_capture_on_commit_callbacks: Any
    ) -> None:
        sound = sound_of(a_call(story), "one")
        other = story.ticket("Printer", requester=None, location="")
        ada = story.actor(story.ada)
        tickets.add_note(ada, other, "Same as Carl Jansen, e1001 (carl@acme.example)")
        tickets.change(ada, other, requester=story.carl)
        tickets.change(ada, other, requester=None, subject="Printer of Carl Jansen")
        incident = tickets.declare_incident(actor_for(story.lena), story.acme, "VPN down", "Ask Carl Jansen")
        tickets.join_incident(incident, contact=story.carl, number=NUMBER)
        FrontEndMessage.objects.create(desk=story.acme, text={"en": "Not you, Carl Jansen"})
        assert {trace for trace in TRACES if any(trace in text for _, text in every_text())} == set(TRACES)
        file = recordings.path_of(sound)
        with django_capture_on_commit_callbacks(execute=True):
            erase(story)
            assert file.exists(), "not before the commit"
        assert not file.exists()
        left = {(where, text) for where, text in every_text() if any(trace in text for trace in TRACES)}
        assert left == {("Asset.tag", '"a-2231"')}, "the laptop belongs to Acme"

    def test_what_the_statistics_need_is_left(
        self, story: Story, django_capture_on_commit_callbacks: Any
    ) -> None:
        call = a_call(story)
        sound_of(call, "one")
        with django_capture_on_commit_callbacks(execute=True):
            erase(story)
        ticket = Ticket.objects.get()
        assert (ticket.subject, ticket.requester_id) == ("VPN of erased drops", story.carl.pk)
        bodies = list(Item.objects.filter(kind="note").order_by("id").values_list("body", flat=True))
        assert bodies == [ERASED, "Mr erased is at erased, new profile helped"]
        assert Promise.objects.get().what == "Call erased on erased"
        run = call.procedure_run
        assert {**run.answers, **run.problems.get().answers} == {"greeted": True}
        call.refresh_from_db()
        assert (call.from_number, call.outcome, call.ended_by) == ("", "", "caller")
        assert Recording.objects.get().state == RecordingState.ERASED
        assert not call.events.filter(kind="digit").exists()
        assert Asset.objects.get().contact is None, "the laptop belongs to Acme"

    def test_the_empty_contact_cannot_be_found_filled_or_erased_again(self, story: Story) -> None:
        erase(story)
        dana = actor_for(User.objects.get(username="dana"))
        story.carl.refresh_from_db()
        assert story.carl.erased_at is not None
        assert queries.search_contacts(dana, "") == []
        for again in (
            lambda: actions.edit_contact(dana, story.carl, name="Carl Jansen"),
            lambda: actions.add_number(dana, story.carl, NUMBER),
            lambda: personal.erase(dana, story.carl, ERASED),
            lambda: personal.give_out(dana, story.carl),
        ):
            with pytest.raises(Conflict):
                again()

    def test_the_act_is_written_down_without_him(self, story: Story) -> None:
        erase(story)
        row = AuditRow.objects.get(verb="erase")
        assert (row.subject_id, row.actor_name, row.changes) == (str(story.carl.pk), "dana", {})

    def test_not_while_he_is_on_the_telephone(self, story: Story) -> None:
        call = story.call(story.ada)
        with pytest.raises(Conflict, match="on the telephone"):
            erase(story)
        calls.end_call(call.pk, by="caller")
        recordings.begin(call.pk, "under way")
        with pytest.raises(Conflict, match="on its way"):
            erase(story)
        story.carl.refresh_from_db()
        assert story.carl.name == "Carl Jansen"

    def test_sound_that_another_call_holds_too_stays(
        self, story: Story, django_capture_on_commit_callbacks: Any
    ) -> None:
        maria = Contact.objects.create(desk=story.acme, name="Maria Bakker", created_at=story.clock.now())
        his = sound_of(story.call(state="ended"), "his")
        hers = sound_of(story.call(state="ended", contact=maria, from_number="100"), "hers")
        assert his.sha256 == hers.sha256
        with django_capture_on_commit_callbacks(execute=True):
            erase(story)
        hers.refresh_from_db()
        assert (hers.state, recordings.path_of(hers).exists()) == (RecordingState.STORED, True)

    def test_others_stay_who_they_are(self, story: Story) -> None:
        twin = Contact.objects.create(desk=story.acme, name="Carl Jansen", created_at=story.clock.now())
        PhoneNumber.objects.create(contact=twin, e164=NUMBER)
        abroad = Contact.objects.create(desk=story.globex, name="Carl Jansen", created_at=story.clock.now())
        ticket = story.ticket("VPN of Carl Jansen", requester=twin)
        call = story.call(contact=twin, state="ended")
        erase(story)
        for row in (twin, abroad, ticket, call):
            row.refresh_from_db()
        assert (twin.name, abroad.name) == ("Carl Jansen", "Carl Jansen")
        assert (ticket.subject, call.from_number) == ("VPN of Carl Jansen", NUMBER)

    def test_only_an_administrator_with_the_name(self, story: Story) -> None:
        for name in ("mona", "lena", "ada"):
            with pytest.raises(NotAllowed):
                personal.erase(actor_for(User.objects.get(username=name)), story.carl, "Carl Jansen")
        with pytest.raises(Invalid):
            personal.erase(actor_for(User.objects.get(username="dana")), story.carl, "Carl")


class TestPages:
    def test_the_page_says_what_goes_and_what_stays(self, story: Story) -> None:
        sound_of(a_call(story), "one")
        page = signed_in("dana").get(f"/contacts/{story.carl.pk}/erase/").content.decode()
        for line in ("The recording of 1 call", "in 1 ticket", "This stays", "Type “Carl Jansen” to confirm"):
            assert line in page

    def test_a_wrong_name_and_a_live_call_are_told_on_the_page(self, story: Story) -> None:
        dana, address = signed_in("dana"), f"/contacts/{story.carl.pk}/erase/"
        wrong = dana.post(address, {"name": "Karl"})
        assert (wrong.status_code, "not the name" in wrong.content.decode()) == (422, True)
        story.call(story.ada)
        live = dana.post(address, {"name": "Carl Jansen"})
        assert (live.status_code, "on the telephone now" in live.content.decode()) == (409, True)

    def test_the_contact_page_offers_it_to_those_who_may(self, story: Story) -> None:
        seen = {}
        for name in ("dana", "mona", "ada"):
            page = signed_in(name).get(f"/contacts/{story.carl.pk}/").content.decode()
            seen[name] = ("Give out what we hold" in page, "Erase this person" in page)
        assert seen == {"dana": (True, True), "mona": (True, False), "ada": (False, False)}

    def test_afterwards_the_page_says_so(self, story: Story) -> None:
        dana = signed_in("dana")
        done = dana.post(f"/contacts/{story.carl.pk}/erase/", {"name": "Carl Jansen"}, follow=True)
        page = done.content.decode()
        assert "This person was erased" in page
        assert "Erase this person" not in page


class TestRedactor:
    him = Redactor(
        names=["Carl Jansen", "Jansen"], words=["c@a.example"], numbers=[NUMBER, "0305550199", "200"]
    )

    @pytest.mark.parametrize(
        "written",
        [
            "+31305550199",
            "0031 30 555 0199",
            "+31 (0)30 555 01 99",
            "030-555.0199",
            "CARL  jansen",
            "Jansen",
            "C@A.example",
            "200",
        ],
    )
    def test_however_written(self, written: str) -> None:
        assert self.him.text(written) == ERASED

    @pytest.mark.parametrize("other", ["Jansens", "130305550199", "call 200 people", "Carla", "03055501990"])
    def test_others_are_left_alone(self, other: str) -> None:
        assert self.him.text(other) == other

    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
    def test_nobody_changes_nothing(self, data: Any) -> None:
        assert Redactor().data(data) == data
