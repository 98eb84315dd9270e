"""How a mailbox is: written by whoever reads it, told to the pages when it changes."""

from datetime import datetime

from django.db import transaction

from helpline.core import outbox
from helpline.core.clock import Clock
from helpline.mail import events
from helpline.mail.mailboxes import alarms
from helpline.mail.mailboxes.alarms import Alarm
from helpline.mail.mailboxes.connection import Secrets
from helpline.mail.mailboxes.oauth import Granted
from helpline.mail.mailboxes.troubles import SourceTrouble
from helpline.mail.models import Mailbox, MailboxState


def _ours(mailbox_id: int) -> Mailbox | None:
    rows = Mailbox.objects.select_for_update(no_key=True)
    return rows.filter(pk=mailbox_id, active=True).first()


@transaction.atomic
def note_ok(mailbox_id: int, clock: Clock) -> None:
    """Its server was asked and all that was there is in the ledger."""
    row, now = _ours(mailbox_id), clock.now()
    if row is None:
        return
    news = row.state != MailboxState.OK
    Mailbox.objects.filter(pk=row.pk).update(
        state=MailboxState.OK,
        state_at=now if news else row.state_at,
        trouble_code="",
        trouble="",
        failures=0,
        looked_at=now,
        next_try_at=None,
    )
    if news:
        _tell(row, clock)
    alarms.sound(row, Alarm.FAILING, False, clock)


@transaction.atomic
def note_trouble(mailbox_id: int, trouble: SourceTrouble, next_try_at: datetime, clock: Clock) -> None:
    """It cannot be read now; when it lasts, or only a person can help, it is an alarm."""
    row, now = _ours(mailbox_id), clock.now()
    if row is None:
        return
    was_failing = row.state == MailboxState.FAILING
    since = row.state_at if was_failing and row.state_at else now
    news = not was_failing or row.trouble_code != trouble.code
    Mailbox.objects.filter(pk=row.pk).update(
        state=MailboxState.FAILING,
        state_at=since,
        trouble_code=str(trouble.code),
        trouble=trouble.detail[:300],
        failures=row.failures + 1,
        next_try_at=next_try_at,
    )
    if news:
        _tell(row, clock)
    if trouble.lasting or now - since >= alarms.PATIENCE:
        alarms.sound(row, Alarm.FAILING, True, clock, code=str(trouble.code), detail=trouble.detail[:300])


@transaction.atomic
def keep_tokens(mailbox_id: int, before: str, secrets: Secrets, granted: Granted) -> bool:
    """Keep the refresh token the provider gave in place of the one before; False when somebody set another meanwhile.

    `before`: the sealed secrets from which it was asked.
    """
    renewed = Secrets(secrets.password, secrets.client_secret, granted.refresh_token or secrets.refresh_token)
    values: dict[str, object] = {"secret": renewed.sealed()}
    if granted.ends_at is not None:
        values["token_expires_at"] = granted.ends_at
    return bool(Mailbox.objects.filter(pk=mailbox_id, secret=before).update(**values))


def _tell(row: Mailbox, clock: Clock) -> None:
    outbox.emit(
        events.MAILBOX_CHANGED,
        desk_id=row.desk_id,
        topics=events.mailbox_topics(row),
        data={"mailbox": row.name},
        clock=clock,
    )
