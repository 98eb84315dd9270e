"""A mailbox as its pages show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpline.core.clock import Clock
from helpline.mail import queries
from helpline.mail.incoming import copies
from helpline.mail.mailboxes.alarms import Alarm
from helpline.mail.mailboxes.connection import Connection, SignIn
from helpline.mail.mailboxes.troubles import WORDS, Code, Words
from helpline.mail.models import Copies, Mailbox, MailboxKind, MailboxState
from helpline.mail.sources.accounts import FETCHED

_KINDS = {MailboxState.OK: "good", MailboxState.FAILING: "bad", MailboxState.UNKNOWN: "quiet"}


@dataclass(frozen=True, slots=True)
class MailboxRow:
    """A mailbox in the list. `kind`: colour of its state; `warnings`: alarms in words, each with what helps."""

    mailbox: Mailbox
    kind: str
    state: str
    words: Words | None
    counts: Mapping[str, int]
    warnings: list[Words] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All messages it ever got."""
        return sum(self.counts.values())


def words_of(code: str) -> Words:
    """The sentence of a trouble and what helps."""
    return WORDS.get(code) or WORDS[Code.INTERNAL]


def row_of(mailbox: Mailbox, counts: Mapping[str, int], clock: Clock) -> MailboxRow:
    """The mailbox with its state in words."""
    if not mailbox.active:
        return MailboxRow(mailbox, "quiet", _("Off"), None, counts)
    if mailbox.kind in (MailboxKind.FOLDER, MailboxKind.FORM):
        return MailboxRow(mailbox, "good", _("Ready"), None, counts)
    failing = mailbox.state == MailboxState.FAILING
    return MailboxRow(
        mailbox,
        _KINDS[MailboxState(mailbox.state)],
        mailbox.get_state_display(),
        words_of(mailbox.trouble_code) if failing else None,
        counts,
        _warnings(mailbox, clock),
    )


def _warnings(mailbox: Mailbox, clock: Clock) -> list[Words]:
    found = []
    if Alarm.SILENT in mailbox.alarms:
        found.append(
            Words(
                _("No mail for longer than usual at this time."),
                _("Send a mail there yourself and see whether it comes; then look at the forwarding."),
            )
        )
    if Alarm.TOKEN in mailbox.alarms and mailbox.token_expires_at is not None:
        days = max(0, (mailbox.token_expires_at - clock.now()).days)
        what = ngettext(
            "Permission to sign in ends in %d day.", "Permission to sign in ends in %d days.", days
        )
        found.append(Words(what % days, _("Renew it at the provider, then connect again.")))
    return found


def page_of(request: HttpRequest, mailbox: Mailbox, clock: Clock) -> dict[str, Any]:
    """What the page of one mailbox shows besides its form."""
    counts = queries.counts(mailbox)
    facts = Connection.of(mailbox.connection)
    return {
        "mailbox": mailbox,
        "row": row_of(mailbox, {str(verdict): count for verdict, count in counts.items()}, clock),
        "fetched": mailbox.kind in FETCHED,
        "copies": Copies.choices,
        "copies_chosen": copies.chosen(mailbox.desk),
        "by_oauth": mailbox.kind in FETCHED and facts.sign_in != SignIn.PASSWORD,
        "callback": request.build_absolute_uri(reverse("mail_oauth")),
        "door": f"{settings.ENV.smtp_host}:{settings.ENV.smtp_port}",
        "form_url": request.build_absolute_uri(reverse("mail_form", args=[mailbox.name])),
    }
