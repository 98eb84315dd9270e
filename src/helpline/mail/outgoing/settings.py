"""How a mailbox sends and what it answers by itself, set by who runs the desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, outbox
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.core.sealed import seal
from helpline.mail import events
from helpline.mail.access import ADMINS
from helpline.mail.models import AutoLimits, AutoReplyText, Mailbox, Sending, Way
from helpline.mail.outgoing.compose import one_line
from helpline.mail.outgoing.routes import PORTS
from helpline.mail.transports.provider import PROVIDERS
from helpline.people.models import Desk

MOST_PER_HOUR: Final = 100


@dataclass(frozen=True, slots=True)
class SendingFacts:
    """How a mailbox sends. `secret` None keeps the one there is; `facts` are what routes reads: host, port ..."""

    way: str = Way.DEFAULT
    facts: Mapping[str, Any] | None = None
    secret: str | None = None
    name: str = ""
    plus: bool = False
    auto_reply: bool = False


@transaction.atomic
def set_sending(
    actor: Actor, mailbox: Mailbox, wanted: SendingFacts, *, clock: Clock = SYSTEM_CLOCK
) -> Sending:
    """Keep how the mailbox sends. A password is never handed to another server than it was typed for.

    Raises Invalid, NotAllowed.
    """
    require(actor, mailbox.desk_id, *ADMINS)
    facts = _checked(wanted)
    row, _made = Sending.objects.get_or_create(mailbox=mailbox)
    moved = (row.way, row.facts.get("host"), row.facts.get("provider")) != (
        wanted.way,
        facts.get("host"),
        facts.get("provider"),
    )
    row.way, row.facts, row.name = wanted.way, facts, one_line(wanted.name, 120)
    row.plus, row.auto_reply = wanted.plus, wanted.auto_reply
    if wanted.secret is not None or moved:
        row.secret = seal(wanted.secret or "")
    row.save()
    changes = {"way": str(wanted.way), "auto_reply": wanted.auto_reply, "host": facts.get("host", "")}
    _note(actor, "set_sending", mailbox, changes, clock)
    return row


def _checked(wanted: SendingFacts) -> dict[str, Any]:
    given = {key: value for key, value in (wanted.facts or {}).items() if value not in (None, "")}
    if wanted.way == Way.SMTP:
        if not given.get("host"):
            raise Invalid(_("Say which server sends the mail."), code="host")
        if given.get("security", "starttls") not in PORTS:
            raise Invalid(_("There is no such way to keep the connection secret."), code="security")
        return {key: given[key] for key in ("host", "port", "security", "user", "sign_in") if key in given}
    if wanted.way == Way.PROVIDER:
        if given.get("provider") not in PROVIDERS:
            raise Invalid(_("This provider is not known."), code="provider")
        return {key: given[key] for key in ("provider", "sender_domain") if key in given}
    if wanted.way not in Way.values:
        raise Invalid(_("There is no such way out."), code="way")
    return {}


@transaction.atomic
def set_auto_text(
    actor: Actor,
    mailbox: Mailbox,
    language: str,
    subject: str,
    text: str,
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Keep the words of the automatic reply in one language; empty ones: the usual words again. Raises Invalid."""
    require(actor, mailbox.desk_id, *ADMINS)
    if language not in dict(settings.LANGUAGES):
        raise Invalid(_("This language is not spoken here."), code="language")
    rows = AutoReplyText.objects.filter(mailbox=mailbox, language=language)
    if not text.strip():
        rows.delete()
    else:
        kept = {"subject": one_line(subject, 200) or "{subject}", "text": text.strip()}
        AutoReplyText.objects.update_or_create(mailbox=mailbox, language=language, defaults=kept)
    _note(actor, "set_auto_text", mailbox, {"language": language}, clock)


@transaction.atomic
def set_limits(
    actor: Actor,
    desk: Desk,
    *,
    per_hour: int,
    per_day: int,
    per_ticket: int,
    desk_per_hour: int,
    clock: Clock = SYSTEM_CLOCK,
) -> AutoLimits:
    """Keep how many automatic replies the desk sends at most. Raises Invalid for more than nobody takes for spam."""
    require(actor, desk.pk, *ADMINS)
    limits = {
        "per_hour": per_hour,
        "per_day": per_day,
        "per_ticket": per_ticket,
        "desk_per_hour": desk_per_hour,
    }
    if min(limits.values()) < 0 or max(per_hour, per_day, per_ticket) > MOST_PER_HOUR:
        raise Invalid(
            _("One address gets %(most)d automatic replies at most.") % {"most": MOST_PER_HOUR}, code="limits"
        )
    row, _made = AutoLimits.objects.update_or_create(desk=desk, defaults=limits)
    audit.record(actor, "set_limits", "desk", desk.pk, desk_id=desk.pk, changes=limits, clock=clock)
    return row


def _note(actor: Actor, verb: str, mailbox: Mailbox, changes: dict[str, Any], clock: Clock) -> None:
    desk_id = mailbox.desk_id
    audit.record(actor, verb, "mailbox", mailbox.pk, desk_id=desk_id, changes=changes, clock=clock)
    topics = [f"mailbox:{mailbox.name}", f"mail:{desk_id}"]
    outbox.emit(
        events.MAILBOX_CHANGED, desk_id=desk_id, topics=topics, data={"mailbox": mailbox.name}, clock=clock
    )
