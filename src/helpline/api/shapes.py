"""What goes in and out of the interface. Moments are UTC, names ending in `_s` are seconds."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, ValidationInfo, model_validator

from helpline.core.errors import Invalid

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=250)]
Text = Annotated[str, StringConstraints(max_length=20000)]


class Given(Schema):
    """Input: a name we do not know is a mistake of the sender, not something to pass over."""

    model_config = ConfigDict(extra="forbid")


class Filters(Schema):
    """Base of what may stand behind the question mark of a list: every filter that is given narrows it.

    A name we do not know is refused, for a filter that is passed over gives everything.
    """

    @model_validator(mode="before")
    @classmethod
    def _only_known(cls, values: Any, info: ValidationInfo) -> Any:
        # ninja hands over only what it knows; the rest is in the request
        if info.context and (request := info.context.get("request")) is not None:
            cls.refuse_unknown(request)
        return values

    @classmethod
    def refuse_unknown(cls, request: HttpRequest) -> None:
        """Raises Invalid that names what is unknown; lists without any filter call it themselves."""
        known = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = sorted(set(request.GET) - set(known))
        if not unknown:
            return
        told = ngettext("There is no filter %s.", "There are no filters %s.", len(unknown))
        raise Invalid(
            told % ", ".join(unknown),
            code="unknown_filter",
            help=_("Known are: %s.") % ", ".join(known) if known else _("This list has no filters."),
        )


class Refusal(Schema):
    """Why something was not done; `code` is stable."""

    code: str
    message: str
    help: str


class Leg(Schema):
    id: str
    role: str
    agent: str | None = Field(description="Username of the person at this leg")
    endpoint: str
    state: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    cause: int | None = Field(description="Q.850 cause of the end")
    cause_text: str


class Event(Schema):
    """Something that happened in the call, or was decided; `why` is a sentence for decisions."""

    at: datetime
    kind: str
    data: dict[str, Any]
    why: str


class Recording(Schema):
    id: UUID
    state: str
    url: str
    duration_s: float
    size: int
    started_at: datetime
    pauses: list[Any] = Field(description="[[start, end], ...] in milliseconds from the start")
    failure: str = Field(description="Why there is no sound, or not all of it; empty when all is well")


class StepSpent(Schema):
    key: str
    title: str
    seconds: float
    visits: int


class Procedure(Schema):
    """How the procedure was followed. `closing`: "" (open), solved or unsolved."""

    name: str
    version: int
    steps: list[StepSpent]
    identity: str
    closing: str
    open_tickets: list[int]


class CallLine(Schema):
    """A call of the list. `from` and `to` are numbers, `queue` is a key, `agent` a username."""

    id: UUID
    state: str
    direction: str
    desk: str | None
    from_: str = Field(alias="from")
    to: str
    queue: str | None
    agent: str | None
    contact: str | None
    wait_s: float | None
    talk_s: float | None
    hold_s: float | None
    wrapup_s: float | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    outcome: str
    tickets: list[int]


class Call(CallLine):
    """A call with all that is known of it."""

    legs: list[Leg]
    events: list[Event]
    recordings: list[Recording]
    recording_url: str | None
    procedure: Procedure | None


class Calls(Schema):
    """Newest first. `after` asks for the next page; empty at the end."""

    items: list[CallLine]
    after: str


class Hold(Given):
    asked: bool = Field(False, description="The caller was asked first")


class Consult(Given):
    to: Line = Field(description="Username of a colleague, or a number")
    summary: str = Field("", max_length=250)


class Transfer(Given):
    to: Line = Field(description="Username, queue:KEY, or a number")


class WrapUp(Given):
    disposition: str = Field("", max_length=50)


class Item(Schema):
    """One thing of a ticket's thread. `call` is the id of the call shown here."""

    id: int
    kind: str
    at: datetime
    author: str | None
    body: str
    call: UUID | None
    data: dict[str, Any]


Impact = Literal["person", "several", "site", "everybody"]
Urgency = Literal["wait", "hinders", "stops"]


class TicketLine(Schema):
    """A ticket of the list; `id` is its number."""

    id: int
    subject: str
    desk: str
    status: str = Field(description="The kind: new, open, waiting_customer, waiting_third, solved or closed")
    own_status: str | None = Field(
        description="Key of the company's own status of this kind; null: the usual one"
    )
    status_label: str = Field(description="The word for it, in the language of the request")
    impact: Impact | Literal[""]
    urgency: Urgency | Literal[""]
    priority: str
    category: str | None
    tags: list[str] = Field(description="Paths, for example Device > Printer")
    team: str | None
    assignee: str | None
    tier: int
    requester: str | None
    requester_id: int | None
    organisation: str | None
    incident: int | None
    asset_tag: str
    location: str
    channel: str
    created_at: datetime
    updated_at: datetime
    solved_at: datetime | None


class Ticket(TicketLine):
    items: list[Item]


class Tickets(Schema):
    """`after` asks for the next page; empty at the end."""

    items: list[TicketLine]
    after: str


class NewTicket(Given):
    """Names as `GET` shows them: desk and priority by key, category and tags by path, requester by id.

    Without a priority it follows from impact and urgency, else it is the usual one.
    """

    desk: Line
    subject: Line
    requester_id: int | None = None
    category: str | None = None
    tags: list[Line] = Field([], max_length=50)
    impact: Impact | Literal[""] = ""
    urgency: Urgency | Literal[""] = ""
    priority: str | None = None
    channel: Literal["phone", "mail", "web"] = "phone"
    asset_tag: str = Field("", max_length=40)
    location: str = Field("", max_length=150)
    body: Text = ""


class TicketChange(Given):
    """Fields that are left out stay as they are; null empties what may be empty.

    Impact or urgency without a priority set the priority that follows from them.
    """

    subject: Line | None = None
    status: str | None = Field(None, description="A kind, or the key of one of the company's own statuses")
    impact: Impact | Literal[""] | None = None
    urgency: Urgency | Literal[""] | None = None
    tags: list[Line] | None = Field(None, max_length=50, description="All tags it has afterwards; by path")
    priority: str | None = None
    category: str | None = None
    team: str | None = None
    assignee: str | None = None
    tier: int | None = None
    requester_id: int | None = None
    incident: int | None = None
    asset_tag: str | None = Field(None, max_length=40)
    location: str | None = Field(None, max_length=150)


class Note(Given):
    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20000)]


class Merge(Given):
    other: int = Field(description="Number of the ticket that becomes a part of this one")


class Split(Given):
    item: int = Field(description="Id of the first item that goes into the new ticket")
    subject: str = Field("", max_length=250, description="Empty: the subject of this ticket")


class NewLink(Given):
    other: int = Field(description="Number")
    kind: Literal["related", "child", "parent"] = Field(
        "related", description="What the other one is to this one"
    )


class NewTask(Given):
    text: Line
    due_at: AwareDatetime | None = None
    assignee: str | None = Field(None, description="Username")


class TaskDone(Given):
    done: bool = True


class Move(Schema):
    """A merge (all of `source` went to `target`) or a split (`target` came out of `source`)."""

    id: int
    kind: str = Field(description="merge or split")
    source: int
    target: int
    at: datetime
    undone_at: datetime | None


class Link(Schema):
    """`kind`: what the other ticket is to this one: related, child or parent."""

    id: int
    kind: str
    other: int
    at: datetime


class Task(Schema):
    id: int
    text: str
    due_at: datetime | None
    assignee: str | None
    done_at: datetime | None


class Ties(Schema):
    """What a ticket has to do with others, and what is to be done for it. Tickets by number."""

    id: int
    merged_into: int | None
    moves: list[Move]
    links: list[Link]
    tasks: list[Task]


class MailAttachment(Schema):
    """Size in bytes."""

    name: str
    type: str
    size: int
    sha256: str


class Bounce(Schema):
    """Which mail of ours could not be delivered to whom: the status code is that of RFC 3463."""

    recipient: str
    code: str
    permanent: bool


class Trust(Schema):
    """Whether the message comes from whom it says: pass, fail, softfail, neutral, none or unknown.

    `source`: header (a relay we trust says so), computed, or empty when nobody looked. `domain` is that of From.
    """

    spf: str
    dkim: str
    dmarc: str
    source: str
    domain: str


class JunkReason(Schema):
    """Why a message has points; those below zero speak for it."""

    code: str
    points: float


class Junk(Schema):
    """How much speaks for the message being junk. `judged`: junk or not_junk when a person said so."""

    points: float
    reasons: list[JunkReason]
    judged: str


class Inbound(Schema):
    """A row of the ledger: a message that came in, and what became of it. `text` is its new part, `html` is sanitised."""

    id: UUID
    received_at: datetime
    mailbox: str
    verdict: str = Field(description="waiting, ticket, reply, duplicate, parked or failed")
    reason: str
    joined_by: str = Field(description="The test that found the ticket; empty when none did")
    ticket: int | None = Field(description="Number; of a duplicate that of the message that came before")
    follows: int | None = Field(description="The ticket it answers, when that was closed too long ago")
    message_id: str
    from_: str = Field(alias="from", description="Address, lower case")
    from_name: str
    to: list[str]
    subject: str
    sent_at: datetime | None
    text: str
    quoted: str
    html: str
    attachments: list[MailAttachment]
    machine: str | None = Field(description="Kind of machine that wrote it; null for people")
    bounce: Bounce | None
    trust: Trust | None = Field(description="Null until the message was read")
    junk: Junk | None = Field(description="Null when nobody asked")
    oddities: list[str]
    trace: str
    size: int
    sha256: str
    raw: str | None = Field(description="Address of the message as it came in; null when it was erased")


class Inbounds(Schema):
    """Newest first. `after` asks for the next page; empty at the end."""

    items: list[Inbound]
    after: str


class RecipientFate(Schema):
    """What became of a mail for one recipient: waiting, sent, failed (refused) or bounced (came back)."""

    address: str
    state: str
    code: str
    detail: str


class Outbound(Schema):
    """A mail of ours. `code` and `detail` are what was last said of it: an SMTP code, or `folder` without a server."""

    id: UUID
    created_at: datetime
    sent_at: datetime | None
    mailbox: str
    ticket: int | None = Field(description="Number")
    author: str | None = Field(description="Username; null when the desk itself wrote it")
    kind: str = Field(description="reply, auto_reply, notification, forward or test")
    state: str = Field(
        description="held, queued, sending, sent, deferred, bounced, failed or undone (taken back)"
    )
    code: str
    detail: str
    in_doubt: bool = Field(
        description="The connection broke at the last moment of a try: it may have arrived, or arrive twice"
    )
    tries: int
    next_try_at: datetime | None
    delayed_at: datetime | None = Field(description="When a mail system said that it takes longer")
    message_id: str
    in_reply_to: str | None = Field(description="Message-ID of the mail it answers")
    to: list[str]
    cc: list[str]
    recipients: list[RecipientFate]
    subject: str
    text: str
    html: str = Field(description="Sanitised, for showing")
    attachments: list[MailAttachment]


class Outbounds(Schema):
    """Newest first. `after` asks for the next page; empty at the end."""

    items: list[Outbound]
    after: str


class NewFile(Given):
    """A file of a new mail. One with a `content_id` is a picture that the HTML shows as `cid:THAT-ID`."""

    name: str = Field(max_length=255)
    type: str = Field("application/octet-stream", max_length=120)
    content: str = Field(max_length=30_000_000, description="Base64")
    content_id: str = Field("", max_length=200)


class NewReply(Given):
    """A mail to send. Without `to` it goes to who wrote last, else to the requester."""

    text: Text = Field("", description="Plain text; without it, it is made of the HTML")
    html: str = Field("", max_length=2_000_000)
    to: list[str] = Field(default_factory=list, max_length=50)
    cc: list[str] = Field(default_factory=list, max_length=50)
    subject: str = Field("", max_length=500)
    kind: Literal["reply", "forward"] = "reply"
    in_reply_to: str = Field(
        "", max_length=1000, description="Message-ID of a mail of the ticket; else its last"
    )
    attachments: list[NewFile] = Field(default_factory=list, max_length=50)
    hold_s: float = Field(0, ge=0, le=600, description="Seconds in which it can be taken back")
    status: str = Field(
        "",
        max_length=60,
        description="Status of the ticket from then on: a kind, or the key of one of the company's own statuses; "
        "empty: as it is, and a new ticket is open",
    )


class Agent(Schema):
    """`name` is the username; `skills` maps keys to levels."""

    name: str
    display_name: str
    state: str
    reason: str
    since: datetime | None
    call: UUID | None
    skills: dict[str, int]
    teams: list[str]
    tier: int
    phone_registered: bool


class Agents(Schema):
    items: list[Agent]


class StateWish(Given):
    state: Literal["available", "busy", "offline"]
    reason: str = Field("", max_length=40)


class QueueLine(Schema):
    """`waiting` callers now, the longest since `longest_since`."""

    key: str
    name: str
    desk: str
    waiting: int
    longest_since: datetime | None


class Queues(Schema):
    items: list[QueueLine]


class FrontEndWish(Given):
    """Switch the message callers hear first on or off; an empty text keeps the words there are."""

    on: bool
    text: str | dict[str, str] = Field("", description="Words, or language -> words")
    desk: str = Field("", description="Key of the desk: all its entry points")
    entry_point: str = Field("", description="Number called: only this one")
    incident: int | None = None


class Done(Schema):
    """Carried out; `result` is what the phone said."""

    done: bool
    result: dict[str, Any]
