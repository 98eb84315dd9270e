"""Reasons and verdicts in words."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpline.mail.models import Inbound, Judged

Text = str | Promise

REASONS: Final[dict[str, Text]] = {
    "dmarc_fail": _("The domain of the sender says it did not send it (DMARC)"),
    "spf_fail": _("It came from a server that may not send for the domain (SPF)"),
    "spf_softfail": _("It came from a server the domain does not name (SPF)"),
    "dkim_fail": _("Its signature does not hold (DKIM)"),
    "reply_to_elsewhere": _("Answers would go to another domain"),
    "executable": _("It carries a program"),
    "double_extension": _("It carries a file that hides what it is"),
    "link_elsewhere": _("A link leads elsewhere than it says"),
    "many_links_elsewhere": _("Several links lead elsewhere than they say"),
    "many_recipients": _("It went to many people"),
    "crowd": _("It went to a crowd"),
    "odd_headers": _("Its headers are doubled or name several senders"),
    "upstream_junk": _("Our relay calls it spam"),
    "upstream_doubt": _("Our relay is not sure of it"),
    "upstream_good": _("Our relay finds nothing"),
    "scanner_junk": _("The spam filter calls it spam"),
    "scanner_doubt": _("The spam filter is not sure of it"),
    "scanner_good": _("The spam filter finds nothing"),
    "known_contact": _("The sender is a contact of the desk"),
    "answered_before": _("The desk has answered the sender before"),
    "in_thread": _("It belongs to a ticket"),
}

VERDICTS: Final[dict[str, Text]] = {
    "pass": pgettext_lazy("trust", "passed"),
    "fail": pgettext_lazy("trust", "failed"),
    "softfail": pgettext_lazy("trust", "doubtful"),
    "neutral": pgettext_lazy("trust", "neutral"),
    "none": pgettext_lazy("trust", "none"),
    "unknown": pgettext_lazy("trust", "unknown"),
}

#: verdict -> kind of pill
GRADES: Final = {"pass": "good", "fail": "bad", "softfail": "warn"}


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """Why a message has points, and how many."""

    text: Text
    points: float


def reasons_of(row: Inbound) -> list[ReasonLine]:
    """What speaks against a message and for it; that a person said so, when one did."""
    said = [ReasonLine(_("A colleague called it junk"), 0.0)] if row.judged == Judged.JUNK else []
    found = (row.junk or {}).get("reasons", [])
    return said + [ReasonLine(REASONS.get(code, code), points) for code, points in found]
