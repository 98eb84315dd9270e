"""Mailboxes, the ledger of what came in, letters and what they carry."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpline.core.ids import new_id
from helpline.mail.answering.models import Draft, DraftFile, DraftKind
from helpline.mail.outgoing.models import (
    PERSONAL_KINDS,
    AutoLimits,
    AutoReplyText,
    Outbound,
    OutboundKind,
    OutboundState,
    Recipient,
    RecipientState,
    Sending,
    Silence,
    Way,
)
from helpline.people.models import Desk, User
from helpline.tickets.models import Item, Ticket

__all__ = [
    "ID_LENGTH",
    "PERSONAL_KINDS",
    "USUAL_JUNK_FROM",
    "AddressCheck",
    "Attachment",
    "AutoLimits",
    "AutoReplyText",
    "CheckState",
    "Copies",
    "DeskMail",
    "Direction",
    "Draft",
    "DraftFile",
    "DraftKind",
    "Inbound",
    "JoinedBy",
    "Judged",
    "KnownId",
    "Letter",
    "Mailbox",
    "MailboxKind",
    "Outbound",
    "OutboundKind",
    "OutboundState",
    "Participant",
    "Reason",
    "Recipient",
    "RecipientState",
    "RoundTrip",
    "Scanner",
    "Sending",
    "Silence",
    "Verdict",
    "Way",
]

#: a message id longer than this is kept as a digest of it (mail.naming.key)
ID_LENGTH = 250


class MailboxKind(models.TextChoices):
    """How messages come into a mailbox."""

    FOLDER = "folder", _("Files (helpline mail ingest)")
    IMAP = "imap", "IMAP"
    POP3 = "pop3", "POP3"
    SMTP = "smtp", _("Delivered to us (SMTP, LMTP)")
    FORM = "form", _("Web form")


class MailboxState(models.TextChoices):
    """How a mailbox is, as long as it is switched on."""

    UNKNOWN = "unknown", pgettext_lazy("mailbox", "Not tried yet")
    OK = "ok", pgettext_lazy("mailbox", "Works")
    FAILING = "failing", pgettext_lazy("mailbox", "Does not work")


class Scanner(models.TextChoices):
    """The spam filter of the house that is asked about each message."""

    NONE = "", _("None")
    RSPAMD = "rspamd", "rspamd"
    SPAMASSASSIN = "spamassassin", "SpamAssassin"


#: points from which a message is junk, unless the mailbox says otherwise
USUAL_JUNK_FROM = 5.0


class Mailbox(models.Model):
    """An address of a desk to which people write."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="mailboxes")
    name = models.SlugField(unique=True)
    address = models.EmailField(max_length=254)
    language = models.CharField(max_length=10, default="en")
    kind = models.CharField(max_length=10, choices=MailboxKind.choices, default=MailboxKind.FOLDER)
    active = models.BooleanField(default=True)
    #: host, port, user, folder and the like (mail.connection); nothing secret
    connection = models.JSONField(default=dict, blank=True)
    #: passwords and tokens, sealed (mail.secrets)
    secret = models.TextField(blank=True)
    #: when the permission to sign in ends by itself, as far as that is known
    token_expires_at = models.DateTimeField(null=True)
    #: words and fields of a web form (mail.form_fields)
    form = models.JSONField(default=dict, blank=True)
    #: days after closing within which a reply opens the same ticket again; later it opens a new one
    reopen_days = models.PositiveIntegerField(default=14)
    #: bytes of the largest message that is read
    max_size = models.PositiveBigIntegerField(default=60 * 1024 * 1024)
    #: days the bytes of a message are kept after it was filed; None: for ever
    raw_days = models.PositiveIntegerField(null=True, blank=True)
    #: names under which verdicts in Authentication-Results are believed
    authserv_ids = models.JSONField(default=list, blank=True)
    #: hosts, addresses and networks of our own relays, whose headers are believed
    relays = models.JSONField(default=list, blank=True)
    #: whether SPF, DKIM and DMARC are worked out here when no relay says them; never for files
    asks_dns = models.BooleanField(default=True)
    #: points from which a message is junk; None: nothing is
    junk_from = models.FloatField(null=True, blank=True, default=USUAL_JUNK_FROM)
    scanner = models.CharField(max_length=20, choices=Scanner.choices, blank=True)
    #: http://host:port of rspamd, host:port of SpamAssassin
    scanner_url = models.CharField(max_length=200, blank=True)
    #: names of the DKIM keys that our outgoing mail is signed with
    dkim_selectors = models.JSONField(default=list, blank=True)
    last_mail_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=MailboxState.choices, default=MailboxState.UNKNOWN)
    #: since when it is so
    state_at = models.DateTimeField(null=True)
    #: what is wrong (mail.troubles), and what the other side said; empty when all is well
    trouble_code = models.CharField(max_length=20, blank=True)
    trouble = models.CharField(max_length=300, blank=True)
    #: tries in a row that failed
    failures = models.PositiveIntegerField(default=0)
    #: when its server was last asked with success
    looked_at = models.DateTimeField(null=True)
    #: how far the server's messages were read (mail.sources.imap)
    position = models.JSONField(default=dict, blank=True)
    #: alarms that go on -> since when, ISO 8601 (mail.alarms)
    alarms = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["address"])]

    def __str__(self) -> str:
        return self.name


class Copies(models.TextChoices):
    """What becomes of one mail that was sent to several mailboxes of a desk."""

    ONE = "one", _("One ticket; the copies are duplicates of the first")
    EACH = "each", _("A ticket for each mailbox")


class DeskMail(models.Model):
    """How a desk wants its mail filed; a desk without this row wants it as usual."""

    desk = models.OneToOneField(Desk, models.CASCADE, related_name="mail")
    copies = models.CharField(max_length=4, choices=Copies.choices, default=Copies.ONE)


class Verdict(models.TextChoices):
    """What became of a message; one each."""

    WAITING = "waiting", pgettext_lazy("verdict", "Waiting")
    TICKET = "ticket", pgettext_lazy("verdict", "New ticket")
    REPLY = "reply", pgettext_lazy("verdict", "Reply")
    DUPLICATE = "duplicate", pgettext_lazy("verdict", "Duplicate")
    PARKED = "parked", pgettext_lazy("verdict", "Parked")
    FAILED = "failed", pgettext_lazy("verdict", "Failed")


class Reason(models.TextChoices):
    """Why the verdict is what it is."""

    NEW = "new", _("Answers nothing we know")
    AFTER_CLOSED = "after_closed", _("Answers a ticket closed long ago")
    COPY = "copy", _("Went to another mailbox of the desk too, and each has its own ticket")
    JOINED = "joined", _("Belongs to a ticket we know")
    SAME_BYTES = "same_bytes", _("The very same message came before")
    SAME_MESSAGE_ID = "same_message_id", _("A message with this id came before")
    MACHINE = "machine", _("Written by a machine and answers nothing we know")
    BOUNCE = "bounce", _("Says that a mail could not be delivered")
    LOOP = "loop", _("Our own mail came back")
    SPAM = "spam", _("Looks like junk")
    TOO_LARGE = "too_large", _("Larger than this mailbox takes")
    NO_SENDER = "no_sender", _("Nobody to answer: no sender")
    ERROR = "error", _("Could not be read; it is kept and can be tried again")


class JoinedBy(models.TextChoices):
    """Which test found the ticket, the strongest first; the words for the codes of mail.threading."""

    OWN_ID = "own_id", _("our own signed id")
    PLUS_ADDRESS = "plus_address", _("it was sent to the address we gave for this ticket")
    ANCESTOR = "ancestor", _("it answers a message of the ticket")
    SHARED_ANCESTOR = "shared_ancestor", _("a message of the ticket answers it, or answers the same message")
    SUBJECT_NUMBER = "subject_number", _("the number in the subject, from somebody who takes part")


class Judged(models.TextChoices):
    """What a person said of a message."""

    JUNK = "junk", _("Junk")
    NOT_JUNK = "not_junk", _("Not junk")


class Inbound(models.Model):
    """One row of the ledger: a message that came in, and what became of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="inbound")
    #: what the source calls the message there, for IMAP "UIDVALIDITY/UID"; unique in the mailbox unless empty
    source_uid = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField()
    received_at = models.DateTimeField()
    #: as the message says, see mail.naming.key
    message_id = models.CharField(max_length=ID_LENGTH, blank=True, db_index=True)
    sender = models.CharField(max_length=320, blank=True)
    subject = models.TextField(blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.WAITING)
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)
    joined_by = models.CharField(max_length=20, choices=JoinedBy.choices, blank=True)
    ticket = models.ForeignKey(Ticket, models.SET_NULL, null=True, related_name="inbound")
    #: of a duplicate, or a copy with a ticket of its own: the message that came before
    first = models.ForeignKey("self", models.SET_NULL, null=True, related_name="duplicates")
    #: of reason after_closed: the ticket it answers
    follows = models.ForeignKey(Ticket, models.SET_NULL, null=True, related_name="+")
    #: numbers of other tickets whose messages it answers too: they may be one
    also = models.JSONField(default=list)
    #: kind of machine that wrote it; empty for people
    machine = models.CharField(max_length=20, blank=True)
    #: {recipient, code, permanent} of a bounce
    bounce = models.JSONField(null=True)
    #: why it opened a ticket and got no automatic reply; empty when it got one, or nobody would expect one
    silence = models.CharField(max_length=20, choices=Silence.choices, blank=True)
    #: what had to be guessed or was cut while reading, by code
    oddities = models.JSONField(default=list)
    #: {ip, helo, sender} as our own SMTP door saw them
    envelope = models.JSONField(null=True)
    #: see mail.trust.verdicts.Trust; empty until it was read
    trust = models.JSONField(default=dict)
    #: {points, reasons: [[code, points], ...]}, see mail.junk.score; None when nobody asked
    junk = models.JSONField(null=True)
    judged = models.CharField(max_length=10, choices=Judged.choices, blank=True)
    trace = models.TextField(blank=True)
    filed_at = models.DateTimeField(null=True)
    #: when it was last handed to the worker, and how often
    queued_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    #: a person said that this message is for the desk, whatever speaks against it
    accepted = models.BooleanField(default=False)
    #: nobody is the sender any more: the bytes were erased since then
    raw_erased_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-received_at", "-id"]),
            models.Index(fields=["mailbox", "verdict"]),
            models.Index(fields=["sender"]),
            # the sweep looks for these few among all there ever were
            models.Index(fields=["queued_at"], name="inbound_waiting", condition=models.Q(verdict="waiting")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "source_uid"], condition=~models.Q(source_uid=""), name="received_once"
            )
        ]


class Direction(models.TextChoices):
    IN = "in", pgettext_lazy("mail", "In")
    OUT = "out", pgettext_lazy("mail", "Out")


class Letter(models.Model):
    """What a mail says. One that is parked has no item."""

    item = models.OneToOneField(Item, models.CASCADE, null=True, related_name="letter")
    inbound = models.OneToOneField(Inbound, models.CASCADE, null=True, related_name="letter")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    #: display name and address of From
    sender_name = models.CharField(max_length=200, blank=True)
    sender = models.CharField(max_length=320, blank=True)
    #: [[name, address], ...]
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    reply_to = models.JSONField(default=list)
    subject = models.TextField(blank=True)
    message_id = models.TextField(blank=True)
    in_reply_to = models.TextField(blank=True)
    #: all ids of References, oldest first
    references = models.JSONField(default=list)
    #: the new part, then what was folded
    text = models.TextField(blank=True)
    quoted = models.TextField(blank=True)
    #: sanitised
    html = models.TextField(blank=True)
    #: what its Date says
    sent_at = models.DateTimeField(null=True)


class KnownId(models.Model):
    """A message id that leads to a ticket: of a message there, or one that a message there answers (`mentioned`)."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="+")
    #: see mail.naming.key
    key = models.CharField(max_length=ID_LENGTH)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="known_ids")
    letter = models.ForeignKey(Letter, models.CASCADE, null=True, related_name="known_ids")
    mentioned = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "key", "ticket", "mentioned"], name="known_once")
        ]


class Participant(models.Model):
    """An address that takes part in a ticket: wrote to us, was written to, or was copied in."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="participants")
    #: lower case
    address = models.CharField(max_length=320)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "address"], name="takes_part_once")]
        indexes = [models.Index(fields=["address"])]


class PicturesShown(models.Model):
    """A sender whose pictures a person always wants to have loaded from where they lie."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    #: lower case
    address = models.CharField(max_length=320)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "address"], name="pictures_once")]


class Attachment(models.Model):
    """Something a mail carries; its bytes lie in the store."""

    letter = models.ForeignKey(Letter, models.CASCADE, related_name="attachments")
    place = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=255, blank=True)
    type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    content_id = models.CharField(max_length=255, blank=True)
    #: meant to be shown within the text
    inline = models.BooleanField(default=False)

    class Meta:
        ordering = ["place"]


class CheckState(models.TextChoices):
    """How far a check or test of a mailbox is."""

    QUEUED = "queued", pgettext_lazy("check", "Waits")
    RUNNING = "running", pgettext_lazy("check", "Runs")
    DONE = "done", pgettext_lazy("check", "Done")
    FAILED = "failed", pgettext_lazy("check", "Failed")


class AddressCheck(models.Model):
    """What DNS says of a mailbox's address at one time."""

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="address_checks")
    address = models.EmailField(max_length=254)
    state = models.CharField(max_length=10, choices=CheckState.choices, default=CheckState.QUEUED)
    #: [{about, grade, code, facts}, ...], see mail.address.checks
    findings = models.JSONField(default=list)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["mailbox", "-asked_at"])]


class RoundTrip(models.Model):
    """A test message that went out, came back as a ticket, and was answered by a second one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="round_trips")
    state = models.CharField(max_length=10, choices=CheckState.choices, default=CheckState.RUNNING)
    #: step -> moment (ISO 8601), see mail.address.round_trip.STEPS
    steps = models.JSONField(default=dict)
    #: leg ("1", "2") -> id of its letter (Outbound)
    letters = models.JSONField(default=dict)
    ticket = models.ForeignKey(Ticket, models.SET_NULL, null=True, related_name="+")
    #: the first message as it came back
    inbound = models.ForeignKey(Inbound, models.SET_NULL, null=True, related_name="+")
    #: code of what went wrong, and what a server said of it
    trouble = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField()
    #: who has not come back by then does not come back
    until = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["mailbox", "-asked_at"])]
