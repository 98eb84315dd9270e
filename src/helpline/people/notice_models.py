"""What a person is told, and how each wants to be told."""

from django.db import models


class Notification(models.Model):
    """One thing a person should know; several about the same ticket within minutes are one."""

    user = models.ForeignKey("people.User", models.CASCADE, related_name="notifications")
    desk = models.ForeignKey("people.Desk", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=30)
    #: what it is about, for example "ticket:1042"
    about = models.CharField(max_length=60)
    title = models.CharField(max_length=250)
    detail = models.CharField(max_length=250, blank=True)
    url = models.CharField(max_length=250)
    count = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    in_app = models.BooleanField(default=True)
    browser = models.BooleanField(default=False)
    #: to be mailed then unless it was seen
    mail_due_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-at"]),
            models.Index(
                fields=["mail_due_at"],
                name="notice_to_mail",
                condition=models.Q(mailed_at=None, seen_at=None, mail_due_at__isnull=False),
            ),
        ]


class NotificationChoice(models.Model):
    """How a person wants to hear of one kind."""

    user = models.ForeignKey("people.User", models.CASCADE, related_name="notification_choices")
    kind = models.CharField(max_length=30)
    in_app = models.BooleanField()
    mail = models.BooleanField()
    browser = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_choice_a_kind")]
