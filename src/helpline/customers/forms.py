"""Forms of contacts."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.forms import model_to_dict
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor
from helpline.customers import access
from helpline.customers.models import Contact, Organisation
from helpline.people import access as people
from helpline.people.models import Desk

LANGUAGES = [("", _("Unknown")), *settings.LANGUAGES]


class ContactForm(forms.Form):
    """A contact; number and address are asked for only when it is new."""

    desk = forms.ModelChoiceField(label=_("Desk"), queryset=Desk.objects.none(), empty_label=None)
    name = forms.CharField(label=_("Name"), max_length=150)
    user_id = forms.CharField(
        label=_("User id"), max_length=40, required=False, help_text=_("Employee id or customer number.")
    )
    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), required=False
    )
    number = forms.CharField(label=_("Telephone number"), max_length=40, required=False)
    address = forms.EmailField(label=_("Mail address"), required=False)
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, required=False)
    location = forms.CharField(label=_("Location"), max_length=150, required=False)
    job = forms.CharField(label=_("Job"), max_length=80, required=False)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(
        self,
        actor: Actor,
        data: Mapping[str, Any] | None = None,
        contact: Contact | None = None,
        known: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=_values(contact) if contact else known)
        organisations = access.organisations(actor)
        if contact is not None:
            organisations = organisations.filter(desk=contact.desk)
        for name, found in (("desk", people.desks(actor)), ("organisation", organisations)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = found
        if contact is not None:
            for name in ("desk", "number", "address"):
                del self.fields[name]
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"


def _values(contact: Contact) -> dict[str, Any]:
    return {
        "name": contact.name,
        "user_id": contact.user_id,
        "organisation": contact.organisation_id,
        "language": contact.language,
        "location": contact.location,
        "job": contact.job,
        "note": contact.note,
    }


class OrganisationForm(forms.Form):
    """An organisation; the desk is asked for only when it is new."""

    desk = forms.ModelChoiceField(label=_("Desk"), queryset=Desk.objects.none(), empty_label=None)
    name = forms.CharField(label=_("Name"), max_length=150)
    location = forms.CharField(label=_("Location"), max_length=150, required=False)
    account_number = forms.CharField(label=_("Account"), max_length=40, required=False)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(
        self,
        actor: Actor,
        data: Mapping[str, Any] | None = None,
        organisation: Organisation | None = None,
    ) -> None:
        super().__init__(data, initial=model_to_dict(organisation) if organisation else None)
        if organisation is not None:
            del self.fields["desk"]
        else:
            desk = self.fields["desk"]
            assert isinstance(desk, forms.ModelChoiceField)
            desk.queryset = people.desks(actor)
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"


class AssetForm(forms.Form):
    tag = forms.CharField(label=_("Tag"), max_length=40)
    kind = forms.CharField(label=_("Kind"), max_length=40)
    model = forms.CharField(label=_("Model"), max_length=80, required=False)
    serial = forms.CharField(label=_("Serial number"), max_length=60, required=False)
    licence = forms.CharField(label=_("Licence"), max_length=80, required=False)
    location = forms.CharField(label=_("Location"), max_length=150, required=False)
