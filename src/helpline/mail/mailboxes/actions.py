"""The writers of mailboxes as administrators set them up: save, switch, try again, keep a permission."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from helpline.core import audit, outbox
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.mail import events
from helpline.mail.access import ADMINS
from helpline.mail.actions import check_name_and_address
from helpline.mail.mailboxes import alarms
from helpline.mail.mailboxes.alarms import Alarm
from helpline.mail.mailboxes.connection import After, Connection, Secrets, SignIn
from helpline.mail.mailboxes.oauth import Granted, provider_of
from helpline.mail.models import Mailbox, MailboxKind, MailboxState
from helpline.mail.webform.fields import FormFacts
from helpline.people.models import Desk

#: names that are addresses of pages
_TAKEN = frozenset({"new"})
_FETCHED = (MailboxKind.IMAP, MailboxKind.POP3)


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """What is set. Of the secrets an empty one keeps what there is; `max_size` in bytes."""

    name: str
    address: str
    kind: str
    language: str
    connection: Connection = field(default_factory=Connection)
    secrets: Secrets = field(default_factory=Secrets, repr=False)
    form: FormFacts = field(default_factory=FormFacts)
    reopen_days: int = 14
    max_size: int = 60 * 1024 * 1024
    raw_days: int | None = None
    token_expires_at: datetime | None = None


@transaction.atomic
def save_mailbox(
    actor: Actor,
    desk: Desk,
    facts: MailboxFacts,
    *,
    mailbox: Mailbox | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Mailbox:
    """Make a mailbox of the desk, or change one. Raises NotAllowed, Invalid for what cannot be, Conflict when a name or
    address is taken; their code names the field."""
    require(actor, desk.pk, *ADMINS)
    row = mailbox or Mailbox(desk=desk, created_at=clock.now())
    values = drafted(row, facts)
    changed = sorted(
        name for name, value in values.items() if row._state.adding or getattr(row, name) != value
    )
    for name, value in values.items():
        setattr(row, name, value)
    if row._state.adding:
        row.save()
    elif changed:
        row.save(update_fields=changed)
    if set(changed) & {"kind", "connection", "secret"}:
        _forget_state(row)
    # names of what changed, for values may be secret
    _told(actor, "save", row, {"name": row.name, "address": row.address, "changed": changed}, clock)
    return row


def drafted(row: Mailbox, facts: MailboxFacts) -> dict[str, Any]:
    """The columns as they would be kept. Raises Invalid and Conflict."""
    name, address = facts.name.strip(), facts.address.strip().lower()
    check_name_and_address(name, address)
    others = Mailbox.objects.exclude(pk=row.pk)
    if name in _TAKEN or others.filter(name=name).exists():
        raise Conflict(_("There is a mailbox of this name."), code="name", help=_("Choose another one."))
    if others.filter(address=address).exists():
        raise Conflict(_("There is a mailbox of this address."), code="address")
    if facts.kind in _FETCHED:
        _check_connection(facts)
    return {
        "name": name,
        "address": address,
        "kind": MailboxKind(facts.kind),
        "language": facts.language,
        "connection": facts.connection.stored() if facts.kind in _FETCHED else {},
        "secret": _sealed(row, facts),
        "form": facts.form.stored() if facts.kind == MailboxKind.FORM else {},
        "reopen_days": facts.reopen_days,
        "max_size": facts.max_size,
        "raw_days": facts.raw_days,
        "token_expires_at": facts.token_expires_at,
    }


def _check_connection(facts: MailboxFacts) -> None:
    told = facts.connection
    if not told.host:
        raise Invalid(_("Say which server."), code="host", help=_("The provider names it."))
    if not told.user:
        raise Invalid(_("Say as whom to sign in."), code="user", help=_("Often this is the address."))
    if told.after == After.MOVE and not told.move_to:
        raise Invalid(_("Say to which folder."), code="move_to")
    if told.sign_in != SignIn.PASSWORD and not told.client_id:
        raise Invalid(
            _("OAuth 2 needs a client id."),
            code="client_id",
            help=_("The provider gives one for an application that you register there."),
        )
    if told.sign_in == SignIn.OAUTH:
        provider = provider_of(told, facts.kind)
        _check_url(provider.authorize_url, "authorize_url")
        _check_url(provider.token_url, "token_url")


def _check_url(url: str, code: str) -> None:
    """Tokens travel secretly (RFC 6749 section 3.2), but within this machine."""
    parts = urlsplit(url)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise Invalid(_("This must be an address that begins with https://."), code=code)


def _sealed(row: Mailbox, facts: MailboxFacts) -> str:
    """The secrets with what was typed anew; the same text when nothing was."""
    if facts.kind not in _FETCHED:
        return ""
    given = facts.secrets
    if not (given.password or given.client_secret or given.refresh_token):
        return row.secret
    # all was typed anew when the others can no longer be read
    kept = Secrets.of(row.secret) if row.secret and not _whole(facts) else Secrets()
    return Secrets(
        given.password or kept.password,
        given.client_secret or kept.client_secret,
        given.refresh_token or kept.refresh_token,
    ).sealed()


def _whole(facts: MailboxFacts) -> bool:
    return facts.connection.sign_in == SignIn.PASSWORD and bool(facts.secrets.password)


def _forget_state(row: Mailbox) -> None:
    """Set up anew: whether it works is to be seen."""
    row.state, row.trouble_code, row.trouble, row.failures = MailboxState.UNKNOWN, "", "", 0
    row.next_try_at = row.state_at = None
    row.save(update_fields=["state", "trouble_code", "trouble", "failures", "next_try_at", "state_at"])


@transaction.atomic
def switch_mailbox(actor: Actor, row: Mailbox, on: bool, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Mail comes in by it, or not; what it got stays. Its alarms end with it. Raises NotAllowed."""
    require(actor, row.desk_id, *ADMINS)
    if row.active == on:
        return
    row.active = on
    row.save(update_fields=["active"])
    _forget_state(row)
    _told(actor, "switch", row, {"name": row.name, "on": on}, clock)
    for alarm in Alarm:
        alarms.sound(row, alarm, False, clock)


@transaction.atomic
def try_now(actor: Actor, row: Mailbox, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Do not wait for the next try. Raises NotAllowed."""
    require(actor, row.desk_id, *ADMINS)
    Mailbox.objects.filter(pk=row.pk).update(next_try_at=None)
    _told(actor, "try", row, {"name": row.name}, clock)


@transaction.atomic
def connect(actor: Actor, row: Mailbox, granted: Granted, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep the permission a provider gave. Raises NotAllowed, and Invalid when it gave none that lasts."""
    require(actor, row.desk_id, *ADMINS)
    if not granted.refresh_token:
        raise Invalid(
            _("The provider gave no lasting permission."),
            code="refresh_token",
            help=_("Take the permission away at the provider, then connect again."),
        )
    kept = Secrets.of(row.secret)
    row.secret = Secrets(kept.password, kept.client_secret, granted.refresh_token).sealed()
    row.token_expires_at = granted.ends_at or row.token_expires_at
    row.save(update_fields=["secret", "token_expires_at"])
    _forget_state(row)
    _told(actor, "connect", row, {"name": row.name}, clock)


def _told(actor: Actor, verb: str, row: Mailbox, changes: Mapping[str, Any], clock: Clock) -> None:
    audit.record(actor, verb, "mailbox", row.pk, desk_id=row.desk_id, changes=changes, clock=clock)
    outbox.emit(
        events.MAILBOX_CHANGED,
        desk_id=row.desk_id,
        topics=events.mailbox_topics(row),
        data={"mailbox": row.name},
        clock=clock,
    )
