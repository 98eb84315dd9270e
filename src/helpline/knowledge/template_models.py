"""Answers that are written once: templates with their files, signatures, and what is wrong with their links."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from helpline.people.models import Desk, Team, User


class Template(models.Model):
    """An answer to be put into a mail. `body` is cleaned HTML with placeholders; without a team it is for the desk."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="templates")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="templates")
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=10, default="en")
    category = models.CharField(max_length=80, blank=True)
    body = models.TextField()
    used_count = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["category", "name"]

    def __str__(self) -> str:
        return self.name


class TemplateFile(models.Model):
    """A file that goes along with an answer."""

    template = models.ForeignKey(Template, models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    content = models.FileField(upload_to="templates/", max_length=200)

    class Meta:
        ordering = ["pk"]


class Signature(models.Model):
    """What stands below a mail; of a person, a team or a desk (just one of them), in one language."""

    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="signatures")
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="signatures")
    desk = models.ForeignKey(Desk, models.CASCADE, null=True, related_name="signatures")
    language = models.CharField(max_length=10)
    body = models.TextField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "language"], name="one_signature_of_person"),
            models.UniqueConstraint(fields=["team", "language"], name="one_signature_of_team"),
            models.UniqueConstraint(fields=["desk", "language"], name="one_signature_of_desk"),
        ]


class LinkState(models.TextChoices):
    """How a link or file was found."""

    GOOD = "good", pgettext_lazy("link", "Works")
    BROKEN = "broken", pgettext_lazy("link", "Broken")
    UNKNOWN = "unknown", _("Could not be tried")


class Checked(models.Model):
    """What the last check found about a link or file of a template or signature."""

    template = models.ForeignKey(Template, models.CASCADE, null=True, related_name="checked")
    signature = models.ForeignKey(Signature, models.CASCADE, null=True, related_name="checked")
    what = models.TextField()
    state = models.CharField(max_length=10, choices=LinkState.choices)
    detail = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
