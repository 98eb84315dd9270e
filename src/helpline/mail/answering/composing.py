"""What the ticket page shows of an answer in the making: form, draft, who else writes, what may be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse

from helpline.core.access import Actor
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.together import together
from helpline.knowledge import template_queries
from helpline.knowledge.models import Template
from helpline.mail.answering import editor_html, filling, opening
from helpline.mail.answering.models import Draft, DraftFile, DraftKind
from helpline.mail.answering.opening import Prefilled, Quote
from helpline.mail.models import Outbound, OutboundState
from helpline.mail.parsing.html_text import text_of_html
from helpline.people import queries as people
from helpline.people.models import User
from helpline.tickets import statuses, telling
from helpline.tickets.models import Ticket

#: somebody whose draft changed within this time is writing now
WRITING: Final = timedelta(minutes=3)


MOST_TEMPLATES: Final = 200


@dataclass(frozen=True, slots=True)
class Writer:
    """A colleague with a draft on the ticket. `now`: they write at this moment."""

    name: str
    since: datetime
    now: bool


@dataclass(frozen=True, slots=True)
class Compose:
    """The panel. `held`: the actor's mail that may still be taken back."""

    ticket: Ticket
    kind: str
    draft: Draft | None
    files: Sequence[DraftFile]
    filled: Prefilled
    quote: Quote | None
    editor_html: str
    text: str
    writers: Sequence[Writer]
    held: Outbound | None
    has_letter: bool
    templates: Sequence[Template]
    #: HTML that goes below the words
    signature: str
    #: what may stand after "@" in a note
    names: Sequence[dict[str, str]]
    carried: int
    #: (key, word) of what the ticket may be when the mail is sent
    statuses: Sequence[tuple[str, str]]

    @property
    def writes_mail(self) -> bool:
        return self.kind != DraftKind.NOTE

    @property
    def attached(self) -> list[DraftFile]:
        """Files that are not shown within the text."""
        return [one for one in self.files if not one.content_id]


def compose(actor: Actor, ticket: Ticket, kind: str = "", *, clock: Clock = SYSTEM_CLOCK) -> Compose:
    """Read it; two queries. `kind`: the tab that was asked for, else that of the draft, else the usual one."""
    rows = opening.known_rows(ticket)
    drafts, in_hand = _drafts(ticket), people.in_hand(actor.user_id)
    templates = template_queries.for_answer(ticket.desk_id, actor.user_id)[:MOST_TEMPLATES]
    signatures = template_queries.signature_rows(ticket.desk_id, actor.user_id)
    me = User.objects.filter(pk=actor.user_id or 0)
    members, teams = people.members_of_desk([ticket.desk_id]), people.teams([ticket.desk_id])
    own_statuses = statuses.status_rows()
    together(*rows.asked, drafts, in_hand, templates, signatures, me, members, teams, own_statuses)
    mine = [one for one in drafts if one.user_id == actor.user_id]
    draft = next((one for one in mine if one.outbound_id is None), None)
    known = rows.known(draft.letter if draft else None)
    kind = kind or (draft.kind if draft else _usual(known, in_hand))
    files = list(draft.files.all()) if draft else []
    letter = known.letter
    html = draft.html if draft else ""
    return Compose(
        ticket=ticket,
        kind=kind,
        draft=draft,
        files=files,
        filled=_filled(
            draft if draft and draft.kind == kind else None, opening.prefilled(ticket, kind, known)
        ),
        quote=opening.quote_of(letter, kind) if letter and kind != DraftKind.NOTE else None,
        editor_html=editor_html.for_editor(html, addresses_of(ticket, files)),
        text=text_of_html(html).strip(),
        writers=_writers(drafts, actor, clock),
        held=next((one.outbound for one in mine if _is_held(one)), None),
        has_letter=letter is not None,
        templates=filling.ordered(templates, ticket),
        signature=filling.signature(signatures, next(iter(me)), ticket) if me else "",
        names=telling.names(list(members), list(teams)),
        carried=letter.attachments.count() if letter and kind == DraftKind.FORWARD else 0,
        statuses=statuses.options(own_statuses),
    )


def _drafts(ticket: Ticket) -> QuerySet[Draft]:
    found = Draft.objects.filter(ticket=ticket).select_related("user", "letter", "outbound")
    return found.order_by("-changed_at")


def _usual(known: opening.Known, in_hand: QuerySet[Any]) -> str:
    """Who is in a call takes notes; who reads mail answers it."""
    return DraftKind.NOTE if list(in_hand) or known.letter is None else DraftKind.REPLY


def _filled(draft: Draft | None, usual: Prefilled) -> Prefilled:
    if draft is None:
        return usual
    return Prefilled(
        usual.to if draft.to is None else draft.to,
        usual.cc if draft.cc is None else draft.cc,
        usual.subject if draft.subject is None else draft.subject,
    )


def _is_held(draft: Draft) -> bool:
    return draft.outbound is not None and draft.outbound.state == OutboundState.HELD


def addresses_of(ticket: Ticket, files: Sequence[DraftFile]) -> dict[str, str]:
    """Where the editor shows the pictures of a draft: content id -> address."""
    return {one.content_id: file_address(ticket, one) for one in files if one.content_id}


def file_address(ticket: Ticket, file: DraftFile) -> str:
    """Where the bytes of a draft's file are."""
    return reverse("draft_file", args=[ticket.number, file.pk])


def writers(actor: Actor, ticket: Ticket, *, clock: Clock = SYSTEM_CLOCK) -> list[Writer]:
    """Colleagues with a draft on the ticket; one query."""
    return _writers(_drafts(ticket), actor, clock)


def _writers(drafts: QuerySet[Draft], actor: Actor, clock: Clock) -> list[Writer]:
    now = clock.now()
    return [
        Writer(_name(one.user), one.changed_at, now - one.changed_at < WRITING)
        for one in drafts
        if one.user_id != actor.user_id and one.outbound_id is None
    ]


def writing_now(ticket_id: int, clock: Clock) -> set[int]:
    """Ids of those whose draft on the ticket changed just now."""
    drafts = Draft.objects.filter(ticket=ticket_id, outbound=None, changed_at__gt=clock.now() - WRITING)
    return set(drafts.values_list("user_id", flat=True))


def _name(user: User) -> str:
    return user.display_name


def my_drafts(actor: Actor) -> QuerySet[Draft]:
    """The actor's drafts, the latest first; of tickets they may still see."""
    desks = list(actor.desk_ids)
    mine = Draft.objects.filter(user_id=actor.user_id or 0, outbound=None, ticket__desk__in=desks)
    return mine.select_related("ticket__requester", "ticket__desk").order_by("-changed_at")
