"""Mail that goes out: what became of each letter, how a mailbox sends, what it answers by itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpline.core.ids import new_id
from helpline.people.models import Desk, User
from helpline.tickets.models import Ticket


class OutboundKind(models.TextChoices):
    """Why a letter goes out."""

    REPLY = "reply", pgettext_lazy("outgoing mail", "Reply")
    AUTO_REPLY = "auto_reply", pgettext_lazy("outgoing mail", "Automatic reply")
    NOTIFICATION = "notification", pgettext_lazy("outgoing mail", "Notification")
    FORWARD = "forward", pgettext_lazy("outgoing mail", "Forwarded")
    TEST = "test", pgettext_lazy("outgoing mail", "Test")


#: written by people; all others say in their headers that a machine wrote them (RFC 3834)
PERSONAL_KINDS = (OutboundKind.REPLY, OutboundKind.FORWARD)


class OutboundState(models.TextChoices):
    """Where a letter is."""

    HELD = "held", pgettext_lazy("outgoing mail", "Held back for a moment")
    QUEUED = "queued", pgettext_lazy("outgoing mail", "Waits to be sent")
    SENDING = "sending", pgettext_lazy("outgoing mail", "Being sent")
    SENT = "sent", pgettext_lazy("outgoing mail", "Sent")
    DEFERRED = "deferred", pgettext_lazy("outgoing mail", "Not taken yet, tried again")
    BOUNCED = "bounced", pgettext_lazy("outgoing mail", "Came back")
    FAILED = "failed", pgettext_lazy("outgoing mail", "Could not be sent")
    UNDONE = "undone", pgettext_lazy("outgoing mail", "Taken back")


#: it leaves as soon as its time has come
READY = (OutboundState.HELD, OutboundState.QUEUED, OutboundState.DEFERRED)


class Outbound(models.Model):
    """A letter of ours and what became of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    letter = models.OneToOneField("mail.Letter", models.CASCADE, related_name="outbound")
    mailbox = models.ForeignKey("mail.Mailbox", models.PROTECT, related_name="outbound")
    #: one that was taken back, or is no part of a thread, has no item that leads to the ticket
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="outbound")
    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=12, choices=OutboundKind.choices)
    state = models.CharField(max_length=10, choices=OutboundState.choices, default=OutboundState.QUEUED)
    #: see mail.naming.key
    message_id = models.CharField(max_length=250, db_index=True)
    #: the first of the recipients, lower case
    to = models.CharField(max_length=320)
    #: as it travels: pictures by their content id; Letter.html is for showing
    html = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    #: not before this moment; of one being sent: when it is taken for forgotten
    next_try_at = models.DateTimeField(null=True)
    #: who sends it now; another one may not write what became of it
    claim = models.UUIDField(null=True)
    #: the server was about to take it; only between this moment and its answer can a crash leave a doubt
    handing_at = models.DateTimeField(null=True)
    #: whoever sent it died in that moment: it may have arrived, or arrive twice under the same Message-ID
    in_doubt = models.BooleanField(default=False)
    #: of the last answer or bounce: an SMTP code (RFC 5321) or an enhanced one (RFC 3463), and its words
    code = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    #: keys of the ticket's status before and after this mail changed it, for taking it back; empty: it did not
    status_before = models.CharField(max_length=60, blank=True)
    status_after = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    #: since when it is tried; days later it is given up
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    #: a mail system said that it takes longer
    delayed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-created_at", "-id"]),
            models.Index(fields=["to", "kind", "created_at"]),
            # the sweep looks for these few among all there ever were
            models.Index(
                fields=["next_try_at"],
                name="outbound_due",
                condition=models.Q(state__in=("held", "queued", "deferred", "sending")),
            ),
        ]


class RecipientState(models.TextChoices):
    """What became of the letter for one recipient."""

    WAITING = "waiting", pgettext_lazy("recipient", "Waits")
    SENT = "sent", pgettext_lazy("recipient", "Sent")
    FAILED = "failed", pgettext_lazy("recipient", "Refused")
    BOUNCED = "bounced", pgettext_lazy("recipient", "Came back")


class Recipient(models.Model):
    """One to whom a letter goes."""

    outbound = models.ForeignKey(Outbound, models.CASCADE, related_name="recipients")
    #: lower case
    address = models.CharField(max_length=320, db_index=True)
    state = models.CharField(max_length=10, choices=RecipientState.choices, default=RecipientState.WAITING)
    code = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["outbound", "address"], name="sent_once_to_each")]


class Way(models.TextChoices):
    """How the mail of a mailbox leaves."""

    DEFAULT = "default", _("As this installation does")
    SMTP = "smtp", _("A mail server (SMTP)")
    PROVIDER = "provider", _("A provider of mail (its interface)")
    FOLDER = "folder", _("Into a folder on this machine; nothing leaves")


class Sending(models.Model):
    """How mail of a mailbox goes out; a mailbox without this row does all as usual."""

    mailbox = models.OneToOneField("mail.Mailbox", models.CASCADE, related_name="sending")
    way = models.CharField(max_length=10, choices=Way.choices, default=Way.DEFAULT)
    #: host, port, security (tls, starttls, none), user; of a provider: its name and what it wants; nothing secret
    facts = models.JSONField(default=dict, blank=True)
    #: password or key, sealed
    secret = models.TextField(blank=True)
    #: shown beside the address; empty: the desk's name
    name = models.CharField(max_length=120, blank=True)
    #: mail to address+anything@... reaches the mailbox
    plus = models.BooleanField(default=False)
    auto_reply = models.BooleanField(default=False)


class Silence(models.TextChoices):
    """Why a message that opened a ticket got no automatic reply."""

    OFF = "off", _("The mailbox answers nothing by itself")
    MACHINE = "machine", _("A machine wrote it")
    NOBODY_READS = "nobody_reads", _("Nobody reads what is sent to this address")
    SUPPRESSED = "suppressed", _("The sender asked for no automatic reply")
    OWN = "own", _("It came from an address of ours")
    UNPROVEN = "unproven", _("It was handed on by a colleague; the writer is not proven")
    PER_HOUR = "per_hour", _("This address got as many automatic replies in an hour as the desk allows")
    PER_DAY = "per_day", _("This address got as many automatic replies in a day as the desk allows")
    PER_TICKET = "per_ticket", _("The ticket got as many automatic replies as the desk allows")
    DESK_PER_HOUR = "desk_per_hour", _("The desk sent as many automatic replies in an hour as it allows")


class AutoReplyText(models.Model):
    """Words of the automatic reply of a mailbox in one language; without a row the usual ones are sent."""

    mailbox = models.ForeignKey("mail.Mailbox", models.CASCADE, related_name="auto_texts")
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "language"], name="one_auto_text")]


class AutoLimits(models.Model):
    """How many automatic replies a desk sends at most."""

    desk = models.OneToOneField(Desk, models.CASCADE, related_name="auto_limits")
    #: to one address
    per_hour = models.PositiveSmallIntegerField(default=2)
    per_day = models.PositiveSmallIntegerField(default=5)
    #: about one ticket, to whomever
    per_ticket = models.PositiveSmallIntegerField(default=1)
    #: to all addresses together
    desk_per_hour = models.PositiveIntegerField(default=200)
