"""The form of an article."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor
from helpline.knowledge.models import Article
from helpline.people import access as people
from helpline.people.models import Desk


class ArticleForm(forms.Form):
    desk = forms.ModelChoiceField(label=_("Desk"), queryset=Desk.objects.none(), empty_label=None)
    title = forms.CharField(label=_("Title"), max_length=200)
    summary = forms.CharField(label=_("How to recognise it"), max_length=300, required=False)
    body = forms.CharField(
        label=_("Steps"), widget=forms.Textarea(attrs={"rows": 12}), help_text=_("One step a line.")
    )
    category_path = forms.CharField(
        label=_("Category"), max_length=200, required=False, help_text=_("For example: Network > VPN")
    )
    keywords = forms.CharField(label=_("Keywords"), max_length=300, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def __init__(
        self, actor: Actor, data: Mapping[str, Any] | None = None, article: Article | None = None
    ) -> None:
        super().__init__(data, initial=_values(article) if article else None)
        desk = self.fields["desk"]
        assert isinstance(desk, forms.ModelChoiceField)
        desk.queryset = people.desks(actor)
        if article is not None:
            del self.fields["desk"]
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"


def _values(article: Article) -> dict[str, Any]:
    names = ("title", "summary", "body", "category_path", "keywords", "language")
    return {name: getattr(article, name) for name in names}
