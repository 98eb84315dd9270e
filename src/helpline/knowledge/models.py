"""Articles: a known problem, how to recognise it and how to solve it."""

from django.db import models

from helpline.knowledge.template_models import Checked, LinkState, Signature, Template, TemplateFile
from helpline.people.models import Desk, User

__all__ = ["Article", "Checked", "LinkState", "Signature", "Template", "TemplateFile"]


class Article(models.Model):
    """Steps that solve a known problem. `body` is plain text with one step a line."""

    desk = models.ForeignKey(Desk, models.CASCADE, related_name="articles")
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    body = models.TextField()
    #: category path the article belongs to, for example "Network > VPN"
    category_path = models.CharField(max_length=200, blank=True)
    keywords = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=10, default="en")
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(User, models.SET_NULL, null=True)
    used_count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.title
