"""Carl asks what mail we have of him, and asks to be forgotten."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

from django.apps import apps

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.customers import personal
from helpline.customers.models import Contact
from helpline.mail import actions, retention, store
from helpline.mail.letters import pictures
from helpline.mail.models import Inbound, Letter, Mailbox, Outbound, OutboundState, Verdict
from helpline.mail.tests.factories import arrive, mail
from helpline.people.tests.factories import actor
from helpline.tickets import merge_actions, task_actions

SECRET = b"the plans of the house"
TRACES = ("carl", "jansen", "on fire", "mattress")


def carls_mails(support: Mailbox, clock: SetClock) -> Contact:
    row = arrive(support, mail(files=(("plan.bin", SECRET),)), clock)
    arrive(
        support,
        mail("The mattress too.", message_id="<2@acme.example>", answers="<first@acme.example>"),
        clock,
    )
    note = "Carl Jansen <carl@acme.example> wrote to me as well."
    arrive(
        support, mail(note, message_id="<3@b>", sender="ben@b.example", answers="<first@acme.example>"), clock
    )
    assert row.ticket is not None
    assert row.ticket.requester is not None
    words = "Dear Carl Jansen, use water."
    to = "Carl Jansen <carl@acme.example>"
    actions.queue_reply(SYSTEM, row.ticket, html=f"<p>{words}</p>", to=to, clock=clock)
    undone = actions.queue_reply(SYSTEM, row.ticket, html=f"<p>{words}</p>", to=to, clock=clock)
    actions.undo(SYSTEM, undone, clock=clock)
    return row.ticket.requester


def everything(*labels: str) -> str:
    """All text of all rows of these rooms."""
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    return json.dumps([list(model._default_manager.values()) for model in models], default=str).lower()


def test_he_gets_his_mails_and_what_they_carried(
    support: Mailbox, clock: SetClock, django_capture_on_commit_callbacks
) -> None:
    contact = carls_mails(support, clock)
    with personal.give_out(actor("dana", Role.DESK_ADMIN), contact, clock=clock) as file:
        archive = zipfile.ZipFile(io.BytesIO(file.read()))
    facts = json.loads(archive.read("contact.json"))
    texts = [one["text"] for one in facts["mails"]]
    assert texts[:2] == ["The printer is on fire.", "The mattress too."]
    names = [name for name in archive.namelist() if name.startswith("attachments/")]
    assert [archive.read(name) for name in names] == [SECRET]


def test_nothing_of_him_is_left(
    support: Mailbox, clock: SetClock, kept: Path, django_capture_on_commit_callbacks
) -> None:
    contact = carls_mails(support, clock)
    arrive(support, mail("Away. On fire.", message_id="<4@a>", Auto_Submitted="auto-replied"), clock)
    ada = actor("ada", Role.AGENT)
    carls = (
        Letter.objects.filter(sender="carl@acme.example")
        .exclude(item=None)
        .select_related("item__ticket")
        .latest("pk")
    )
    pictures.show_pictures_of(ada, carls, clock=clock)
    assert carls.item is not None
    task_actions.add_task(ada, carls.item.ticket, "Call Carl Jansen back", clock=clock)
    merge_actions.split(ada, carls.item, subject="Carl Jansen again", clock=clock)
    with django_capture_on_commit_callbacks(execute=True):
        personal.erase(actor("dana", Role.DESK_ADMIN), contact, "Carl Jansen", clock=clock)
    left = everything("mail", "tickets", "customers", "core")
    assert [trace for trace in TRACES if trace in left] == []
    assert [path for path in kept.rglob("*") if path.is_file()] == []
    assert Letter.objects.count() == 6
    assert {one.state for one in Outbound.objects.all()} == {OutboundState.UNDONE}
    assert Inbound.objects.filter(raw_erased_at=None).count() == 0


def test_a_file_that_others_sent_too_stays(
    support: Mailbox, clock: SetClock, django_capture_on_commit_callbacks
) -> None:
    contact = carls_mails(support, clock)
    arrive(
        support, mail("Look", message_id="<5@b>", sender="eva@b.example", files=(("p.bin", SECRET),)), clock
    )
    with django_capture_on_commit_callbacks(execute=True):
        personal.erase(actor("dana", Role.DESK_ADMIN), contact, "Carl Jansen", clock=clock)
    assert store.read(Letter.objects.get(sender="eva@b.example").attachments.get().sha256) == SECRET


def test_raw_bytes_go_when_their_time_is_over(
    support: Mailbox, clock: SetClock, django_capture_on_commit_callbacks
) -> None:
    row = arrive(support, mail(), clock)
    Mailbox.objects.update(raw_days=30)
    failed = arrive(support, mail("x", message_id="<2@a>"), clock)
    Inbound.objects.filter(pk=failed.pk).update(verdict=Verdict.FAILED)
    clock.advance(timedelta(days=29).total_seconds())
    assert retention.erase_due(clock) == 0
    clock.advance(timedelta(days=2).total_seconds())
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.erase_due(clock) == 1
    assert not store.path_of(row.sha256).exists()
    assert store.path_of(failed.sha256).exists()
    assert retention.erase_due(clock) == 0
    assert Letter.objects.filter(text="The printer is on fire.").exists()
