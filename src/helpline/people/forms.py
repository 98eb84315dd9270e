"""Forms about people."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor, Role
from helpline.people import access
from helpline.people.models import Desk

#: roles as people read them
ROLE_LABELS = {
    Role.AGENT: _("Agent"),
    Role.SPECIALIST: _("Specialist"),
    Role.LEAD: _("Team lead"),
    Role.COACH: _("Quality coach"),
    Role.PHONE_ADMIN: _("Phone administrator"),
    Role.DESK_ADMIN: _("Desk administrator"),
    Role.MANAGER: _("Manager"),
}


class NewUserForm(forms.Form):
    """A new colleague."""

    username = forms.CharField(
        label=_("User name"), max_length=60, help_text=_("Small letters and digits; also the phone's name.")
    )
    first_name = forms.CharField(label=_("First name"), max_length=150)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    password = forms.CharField(label=_("First password"), widget=forms.PasswordInput)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    desk = forms.ModelChoiceField(label=_("Desk"), queryset=Desk.objects.none(), empty_label=None)
    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, label) for role, label in ROLE_LABELS.items()]
    )

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        desk = self.fields["desk"]
        assert isinstance(desk, forms.ModelChoiceField)
        desk.queryset = access.desks(actor)
        dress(self)


class SetupForm(forms.Form):
    """The first desk and its administrator."""

    desk_name = forms.CharField(label=_("Name of your desk"), max_length=120)
    username = forms.CharField(label=_("Your user name"), max_length=60)
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least eight characters, not a common word."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        dress(self)


class SkillForm(forms.Form):
    """One cell of the skills matrix."""

    level = forms.IntegerField(min_value=0, max_value=100, required=False)


def dress(form: forms.Form) -> None:
    """Give the fields the classes of the shell's form controls."""
    for field in form.fields.values():
        select = isinstance(field.widget, forms.Select)
        field.widget.attrs.setdefault("class", "form-select" if select else "form-control")
