"""What the page of an address shows: settings, findings in words, steps of the round trip with their times."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpline.core.clock import Clock
from helpline.mail.address import words
from helpline.mail.address.actions import OVERDUE
from helpline.mail.address.round_trip import STEPS
from helpline.mail.models import AddressCheck, CheckState, Mailbox, Outbound, RoundTrip

_STEPS: Final[dict[str, str | Promise]] = {
    "queued": _("Message written"),
    "sent": _("Given to the outgoing server"),
    "received": _("Came back into the mailbox"),
    "filed": _("Became a ticket"),
    "answer_queued": _("Answer written"),
    "answer_sent": _("Answer given to the outgoing server"),
    "answer_received": _("Answer came back"),
    "joined": _("Answer joined the ticket"),
}

#: what went wrong, what helps
_TROUBLES: Final[dict[str, tuple[str | Promise, str | Promise]]] = {
    "not_sent": (
        _("The message could not be sent."),
        _("Check the outgoing server, user and password of the mailbox."),
    ),
    "not_filed": (
        _("It came back, but became no ticket."),
        _("Look it up in the ledger; if it was taken for junk, see the verdicts below."),
    ),
    "not_joined": (
        _("The answer came back, but did not join the ticket."),
        _("A server on the way changes the headers In-Reply-To or References."),
    ),
    "late": (
        _("It did not come back in time."),
        _(
            "Check that the forwarding leads into this mailbox, its fetching, and the spam folder at the provider."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the round trip. `seconds` after the step before; `state`: done, now, open or failed."""

    label: str | Promise
    at: datetime | None
    seconds: float | None
    state: str


def steps(trip: RoundTrip) -> list[Step]:
    """The steps in order; the first that is not done is under way, or is where it failed."""
    shown: list[Step] = []
    before: datetime | None = None
    known = trip.steps | _sent(trip)
    waiting = trip.state == CheckState.RUNNING
    failed = trip.state == CheckState.FAILED
    for name in STEPS:
        said = known.get(name)
        at = datetime.fromisoformat(said) if said else None
        seconds = (at - before).total_seconds() if at and before else None
        state = "done" if at else "failed" if failed else "now" if waiting else "open"
        if at is None:
            waiting = failed = False
        shown.append(Step(_STEPS[name], at, seconds, state))
        before = at or before
    return shown


def _sent(trip: RoundTrip) -> dict[str, str]:
    """When the letters left, as they themselves say."""
    names = {trip.letters.get("1"): "sent", trip.letters.get("2"): "answer_sent"}
    gone = Outbound.objects.filter(pk__in=trip.letters.values()).exclude(sent_at=None)
    return {names[str(pk)]: at.isoformat() for pk, at in gone.values_list("pk", "sent_at") if at}


def trouble(trip: RoundTrip) -> tuple[str, str]:
    """What went wrong and what helps; both "" when nothing did."""
    what, help_text = _TROUBLES.get(trip.trouble, ("", ""))
    return str(what), str(help_text)


@dataclass(frozen=True, slots=True)
class Shown:
    """The newest check and the newest round trip of a mailbox; None when there was none."""

    mailbox: Mailbox
    check: AddressCheck | None
    lines: list[words.Line]
    broken_off: bool
    trip: RoundTrip | None
    steps: list[Step]
    trouble: str
    help: str

    @property
    def wrong(self) -> int:
        """How many findings ask for a change."""
        return sum(line.grade in ("bad", "warn") for line in self.lines)

    @property
    def is_checking(self) -> bool:
        return self.check is not None and self.check.finished_at is None and not self.broken_off


def shown(mailbox: Mailbox, clock: Clock) -> Shown:
    """What is known now; three queries."""
    check = mailbox.address_checks.order_by("-asked_at").first()
    trip = mailbox.round_trips.select_related("ticket", "inbound").order_by("-asked_at").first()
    broken_off = bool(check and not check.finished_at and clock.now() - check.asked_at > OVERDUE)
    what, help_text = trouble(trip) if trip else ("", "")
    return Shown(
        mailbox=mailbox,
        check=check,
        lines=[words.line(finding) for finding in check.findings] if check else [],
        broken_off=broken_off,
        trip=trip,
        steps=steps(trip) if trip else [],
        trouble=what,
        help=help_text,
    )
