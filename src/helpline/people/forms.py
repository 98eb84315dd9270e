"""Forms about people."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor, Role
from helpline.people import access
from helpline.people.desk_actions import countries
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


COUNTRY_HELP = _("For reading phone numbers without a country code.")


def _zones() -> list[tuple[str, str]]:
    return [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones()) if "/" in zone]


def _countries() -> list[tuple[str, str]]:
    return [(code, code) for code in countries()]


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
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = forms.ChoiceField(label=_("Time zone"), choices=_zones, initial="Europe/Amsterdam")
    country = forms.ChoiceField(label=_("Country"), choices=_countries, initial="NL", help_text=COUNTRY_HELP)
    username = forms.CharField(label=_("Your user name"), max_length=60)
    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least eight characters, not a common word."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        dress(self)


class DeskForm(forms.Form):
    """What a desk is."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Callers hear it in the greeting."))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = forms.ChoiceField(label=_("Time zone"), choices=_zones, initial="Europe/Amsterdam")
    country = forms.ChoiceField(label=_("Country"), choices=_countries, initial="NL", help_text=COUNTRY_HELP)

    def __init__(self, data: Mapping[str, Any] | None = None, *, desk: Desk | None = None) -> None:
        super().__init__(
            data, initial={key: getattr(desk, key) for key in self.base_fields} if desk else None
        )
        dress(self)


class SkillForm(forms.Form):
    """One cell of the skills matrix."""

    level = forms.IntegerField(min_value=0, max_value=100, required=False)


def dress(form: forms.Form) -> None:
    """Give the fields the classes of the shell's form controls."""
    for field in form.fields.values():
        field.widget.attrs.setdefault("class", _dress_of(field.widget))


def _dress_of(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
