"""The demo: whole, consistent in itself, loaded once."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import F
from django.test import Client, override_settings

from helpline.acd import configured
from helpline.acd.models import EntryPoint, FrontEndMessage, QueueEntry
from helpline.conf.demo import load, sounds
from helpline.conf.demo.plan import Planner, Talk
from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.customers.models import Contact, PhoneNumber
from helpline.customers.numbers import e164
from helpline.customers.queries import find_contact
from helpline.mail.models import Mailbox, MailboxKind, Sending, Way
from helpline.people.access import actor_for
from helpline.people.accounts import ha1
from helpline.people.models import Desk, User
from helpline.procedure.models import CallRun, StepTime
from helpline.procedure.parsing import parse
from helpline.telephony.models import Call, Recording
from helpline.telephony.recordings import path_of
from helpline.telephony.spans import times_of
from helpline.tickets.models import LIVE_KINDS, Incident, Item, Promise, Ticket, TicketCounter

pytestmark = pytest.mark.django_db
QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def counts() -> Counter[str]:
    return Counter({model._meta.label: model.objects.count() for model in apps.get_models()})


@pytest.fixture(scope="module")
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="module", autouse=True)
def demo(django_db_setup, django_db_blocker, clock) -> Iterator[Counter[str]]:
    """Loaded once for all tests here, and taken back afterwards."""
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=QUICK), transaction.atomic():
        load(clock)
        yield counts()
        transaction.set_rollback(True)


def test_twice_is_once(demo, clock):
    assert "already" in load(clock)
    assert counts() == demo


def test_there_is_as_much_as_promised(demo):
    assert demo["people.Desk"] == 2
    assert demo["customers.Contact"] == 40
    assert demo["tickets.Ticket"] == 120
    assert demo["telephony.Call"] == 200
    assert demo["knowledge.Article"] == 10
    assert demo["mail.Mailbox"] == 1
    assert Ticket.objects.filter(status__in=LIVE_KINDS).count() > 15
    assert set(Item.objects.values_list("kind", flat=True)) == {"note", "change", "call", "promise"}


def test_mail_comes_in_by_our_own_door_and_asks_nobody():
    support = Mailbox.objects.get(name="support")
    assert (support.kind, support.asks_dns, support.junk_from) == (MailboxKind.SMTP, False, 5.0)
    assert not Sending.objects.filter(mailbox=support).exclude(way=Way.DEFAULT).exists()


def test_carl_is_there():
    carl = Contact.objects.get(name="Carl Jansen")
    assert find_contact(Desk.objects.get(key="acme"), number="030 555 0199").contact == carl
    assert (carl.user_id, carl.location, carl.assets.get().tag) == ("C-1042", "Utrecht", "A-2231")
    assert carl.tickets.filter(status__in=LIVE_KINDS).count() == 2
    assert carl.calls.count() == 5


def test_all_numbers_are_e164_and_belong_to_one():
    numbers = list(PhoneNumber.objects.values_list("e164", flat=True))
    assert len(set(numbers)) == 40
    assert [e164(number, "US") for number in numbers] == numbers


@pytest.mark.parametrize("name", ["ada", "ben", "sven", "lena"])
def test_the_cast_signs_in_with_page_and_phone(name):
    user = User.objects.get(username=name)
    assert user.phone_account.ha1_md5 == ha1(name, "helpline")
    with override_settings(PASSWORD_HASHERS=QUICK):
        answer = Client().post("/accounts/login/", {"login": name, "password": "helpline"})
    assert answer.status_code == 302


def test_lena_may_administer():
    lena = actor_for(User.objects.get(username="lena"))
    assert all(
        lena.may(desk, Role.LEAD, Role.DESK_ADMIN) for desk in Desk.objects.values_list("pk", flat=True)
    )


def test_100_and_key_1_reach_ada_and_ben_first_and_sven_after_a_while():
    config = configured.load().config
    choice = config.entries["100"].flow.menu.choices["1"]
    steps = config.queues[choice.queue].steps

    def who(needs):
        fit = [
            name
            for name, agent in config.agents.items()
            if all(agent.skills.get(k, 0) >= v for k, v in needs.items())
        ]
        return sorted(fit)

    assert who(steps[0].skills) == ["ada", "ben"]
    assert who(steps[-1].skills) == ["ada", "ben", "lena", "sven"]


@pytest.mark.parametrize("number", ["100", "200"])
def test_every_language_is_spoken(number):
    entry = EntryPoint.objects.get(number=number)
    for texts in (entry.greeting, entry.menu_prompt, *entry.queue.tips.values_list("text", flat=True)):
        assert set(texts) == {"en", "nl", "de", "fi", "fr", "ja"}
        assert all(texts.values())


def test_the_times_of_a_call_are_those_of_its_story():
    for call in Call.objects.all():
        told = times_of(call.pk, call.ended_at)
        assert (call.wait_s, call.talk_s, call.hold_s) == (told.wait_s, told.talk_s, told.hold_s), call.pk
        assert call.started_at < call.ended_at


def test_nothing_lies_in_the_future(clock):
    now = clock.now()
    assert not Call.objects.filter(ended_at__gt=now).exists()
    assert not Ticket.objects.filter(updated_at__gt=now).exists()
    assert not Item.objects.filter(at__gt=now).exists()
    assert not Promise.objects.filter(made_at__gt=F("due_at")).exists()


def test_every_caller_in_a_queue_left_it_somehow():
    outcomes = Counter(QueueEntry.objects.values_list("outcome", flat=True))
    assert not QueueEntry.objects.filter(left_at=None).exists()
    assert outcomes["abandoned"] == Call.objects.filter(outcome="abandoned").count()
    assert outcomes["answered"] == Call.objects.filter(outcome="answered", direction="in").count()


def test_nobody_talks_to_two_callers_at_once():
    for agent in User.objects.all():
        talks = (
            agent.calls.filter(outcome="answered")
            .order_by("answered_at")
            .values_list("answered_at", "ended_at")
        )
        for (_begin, end), (begin, _end) in zip(talks, list(talks)[1:], strict=False):
            assert end <= begin


def test_every_talk_has_a_recording_that_can_be_played():
    assert Recording.objects.count() == Call.objects.filter(outcome="answered").count()
    stored = {recording.sha256: recording for recording in Recording.objects.all()}
    assert len(stored) == sounds.COUNT
    for recording in stored.values():
        assert path_of(recording).stat().st_size == recording.size


def test_every_incoming_talk_followed_the_procedure():
    assert CallRun.objects.count() == Call.objects.filter(outcome="answered", direction="in").count()
    run = CallRun.objects.select_related("version", "call").first()
    steps = [step.key for step in parse(run.version.document).steps]
    times = list(StepTime.objects.filter(run=run).order_by("started_at"))
    assert [time.step for time in times] == steps
    assert times[0].started_at == run.call.answered_at


def test_the_incident_is_open_and_its_message_ready_but_off():
    incident = Incident.objects.get(state="open")
    assert incident.tickets.exists()
    assert incident.joins.count() == 3
    assert not FrontEndMessage.objects.get(incident=incident).on


def test_the_next_ticket_gets_the_next_number():
    last = Ticket.objects.order_by("-number").first().number
    assert TicketCounter.objects.get(name="ticket").last == last


def test_the_same_moment_gives_the_same_plan(clock):
    contacts = list(Contact.objects.select_related("desk").order_by("id"))

    def drawn() -> list[Talk]:
        return [talk for case in Planner(clock.now(), contacts).plan().cases for talk in case.talks]

    assert drawn() == drawn()


@pytest.mark.parametrize(
    "path",
    [
        "/tickets/",
        "/tickets/?status=any&sort=-priority",
        "/contacts/",
        "/articles/",
        "/incidents/",
        "/people/",
    ],
)
def test_no_page_is_empty(path):
    lena = Client()
    lena.force_login(User.objects.get(username="lena"))
    answer = lena.get(path)
    assert answer.status_code == 200
    assert b"empty-state" not in answer.content


def test_the_voices_take_turns():
    sound = sounds.conversation(np.random.default_rng(1), 3.0).astype(float)
    left, right = (np.sqrt((sound[:, side].reshape(-1, 800) ** 2).mean(axis=1)) for side in (0, 1))
    assert left.max() > 1000
    assert right.max() > 1000
    assert not ((left > 500) & (right > 500)).sum() > 4
