"""What a person began to write on a ticket; kept until it is sent or thrown away."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpline.people.models import User
from helpline.tickets.models import Ticket


class DraftKind(models.TextChoices):
    """What it will be when it is sent."""

    REPLY = "reply", pgettext_lazy("compose", "Reply")
    REPLY_ALL = "reply_all", pgettext_lazy("compose", "Reply to all")
    FORWARD = "forward", pgettext_lazy("compose", "Forward")
    NOTE = "note", _("Note")


class Draft(models.Model):
    """A letter, a note or both, as far as the person came with them. One a person and ticket."""

    user = models.ForeignKey(User, models.CASCADE, related_name="drafts")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=10, choices=DraftKind.choices, default=DraftKind.REPLY)
    #: as typed; None: as it is filled in by itself
    to = models.TextField(null=True)
    cc = models.TextField(null=True)
    subject = models.TextField(null=True)
    #: cleaned; its pictures are "cid:" of a file
    html = models.TextField(blank=True)
    note = models.TextField(blank=True)
    #: the letter it answers goes below it
    quote = models.BooleanField(default=True)
    #: so does the signature
    sign = models.BooleanField(default=True)
    #: the letter it answers; None: the last one
    letter = models.ForeignKey("mail.Letter", models.SET_NULL, null=True, related_name="+")
    #: it was sent as this; kept while that can be taken back
    outbound = models.OneToOneField("mail.Outbound", models.CASCADE, null=True, related_name="draft")
    started_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["ticket", "changed_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "ticket"], condition=models.Q(outbound=None), name="one_draft_each"
            )
        ]

    @property
    def writes_mail(self) -> bool:
        return self.kind != DraftKind.NOTE


class DraftFile(models.Model):
    """A file that goes along; its bytes lie in the store. One with a content id is shown within the text."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    content_id = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["pk"]
