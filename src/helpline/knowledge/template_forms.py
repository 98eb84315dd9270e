"""The form of a template."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor
from helpline.knowledge.models import Template
from helpline.people import access as people
from helpline.people import queries
from helpline.people.models import Desk, Team


class TemplateForm(forms.Form):
    desk = forms.ModelChoiceField(label=_("Desk"), queryset=Desk.objects.none(), empty_label=None)
    name = forms.CharField(label=_("Name"), max_length=120)
    category = forms.CharField(label=_("Category"), max_length=80, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    team = forms.ModelChoiceField(
        label=_("Only for the team"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=_("Whole desk"),
    )

    def __init__(
        self, actor: Actor, data: Mapping[str, Any] | None = None, template: Template | None = None
    ) -> None:
        super().__init__(data, initial=_values(template) if template else None)
        desk, team = self.fields["desk"], self.fields["team"]
        assert isinstance(desk, forms.ModelChoiceField)
        assert isinstance(team, forms.ModelChoiceField)
        desk.queryset = people.desks(actor)
        team.queryset = queries.teams([template.desk_id] if template else actor.desk_ids)
        if template is not None:
            del self.fields["desk"]
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"


def _values(template: Template) -> dict[str, Any]:
    names = ("name", "category", "language")
    return {name: getattr(template, name) for name in names} | {"team": template.team_id}
