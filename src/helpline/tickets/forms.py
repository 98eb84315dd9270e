"""Forms of tickets and incidents. Choices are narrowed to the desk, so a posted value from elsewhere is refused."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from helpline.core.access import Actor
from helpline.core.errors import Invalid
from helpline.people import access as people_access
from helpline.people import queries as people
from helpline.people.models import Desk, Team, User
from helpline.tickets import queries
from helpline.tickets.models import Category, Incident, IncidentState, Priority, StatusKind, Ticket


def values(form: forms.Form) -> dict[str, Any]:
    """The cleaned values. Raises Invalid with what is wrong, for the first field that is."""
    if form.is_valid():
        return dict(form.cleaned_data)
    name, errors = next(iter(form.errors.items()))
    label = form.fields[name].label if name in form.fields else ""
    raise Invalid(f"{label or name}: {errors[0]}", code=str(name))


class PropertiesForm(forms.Form):
    """Those properties of a ticket that came; each is sent by itself as soon as it changes."""

    subject = forms.CharField(label=_("Subject"), max_length=250)
    status = forms.ChoiceField(label=_("Status"), choices=StatusKind.choices)
    priority = forms.ModelChoiceField(label=_("Priority"), queryset=Priority.objects.none(), empty_label=None)
    category = forms.ModelChoiceField(label=_("Category"), queryset=Category.objects.none(), required=False)
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), required=False)
    assignee = forms.ModelChoiceField(label=_("Assignee"), queryset=User.objects.none(), required=False)
    incident = forms.ModelChoiceField(label=_("Incident"), queryset=Incident.objects.none(), required=False)
    asset_tag = forms.CharField(label=_("Asset"), max_length=40, required=False)
    location = forms.CharField(label=_("Location"), max_length=150, required=False)

    def __init__(self, ticket: Ticket, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        choices = _choices(ticket.desk, ticket.incident_id)
        for name, found in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = found
        for name in set(self.fields) - set(data):
            del self.fields[name]


def _choices(desk: Desk, incident_id: int | None) -> dict[str, Any]:
    open_ones = Incident.objects.filter(desk=desk, state=IncidentState.OPEN)
    return {
        "priority": queries.priorities(),
        "category": queries.categories(desk),
        "team": people.teams([desk.pk]),
        "assignee": people.members_of_desk([desk.pk]),
        "incident": open_ones | Incident.objects.filter(desk=desk, pk=incident_id or 0),
    }


class NewTicketForm(forms.Form):
    """A ticket opened by hand."""

    desk = forms.ModelChoiceField(label=_("Desk"), queryset=Desk.objects.none(), empty_label=None)
    requester = forms.CharField(
        label=_("Requester"),
        required=False,
        max_length=150,
        help_text=_("User id, telephone number or name."),
    )
    subject = forms.CharField(label=_("Subject"), max_length=250)
    priority = forms.ModelChoiceField(label=_("Priority"), queryset=Priority.objects.none(), required=False)
    body = forms.CharField(label=_("What happened"), required=False, widget=forms.Textarea(attrs={"rows": 6}))

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None, **initial: Any) -> None:
        super().__init__(data, initial=initial)
        for name, found in (("desk", people_access.desks(actor)), ("priority", queries.priorities())):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = found
        dress(self)


class NoteForm(forms.Form):
    body = forms.CharField(label=_("Note"), required=False)


class PromiseForm(forms.Form):
    """What the caller was told, and until when in the desk's own time."""

    what = forms.CharField(label=_("What"), max_length=250)
    due_at = forms.DateTimeField(
        label=_("Until"),
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    call_id = forms.UUIDField(required=False)


class EscalateForm(forms.Form):
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none())
    note = forms.CharField(label=_("Why"), required=False)

    def __init__(self, ticket: Ticket, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        field = self.fields["team"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people.teams([ticket.desk_id])


class AnotherForm(forms.Form):
    call_id = forms.UUIDField(required=False)
    subject = forms.CharField(label=_("Subject"), max_length=250, required=False)


class ConnectForm(forms.Form):
    """Another ticket, and what it is to this one."""

    other = forms.IntegerField(label=_("Ticket"), min_value=1, max_value=2**53)
    how = forms.ChoiceField(
        label=_("How"),
        choices=[
            ("merge", _("is the same: merge it into this one")),
            ("related", _("is related")),
            ("child", _("is a part of this one")),
            ("parent", _("has this one as a part")),
        ],
    )

    def __init__(self, data: Mapping[str, Any]) -> None:
        values = dict(data.items())
        super().__init__(values | {"other": str(values.get("other", "")).strip().lstrip("#")})


class TaskForm(forms.Form):
    """What is to be done, until when in the desk's own time, and by whom."""

    text = forms.CharField(label=_("Task"), max_length=250)
    due_at = forms.DateTimeField(label=_("Until"), input_formats=["%Y-%m-%dT%H:%M"], required=False)
    assignee = forms.ModelChoiceField(label=_("Assignee"), queryset=User.objects.none(), required=False)

    def __init__(self, ticket: Ticket, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        field = self.fields["assignee"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people.members_of_desk([ticket.desk_id])


class IncidentForm(forms.Form):
    """Something that hits several people."""

    desk = forms.ModelChoiceField(label=_("Desk"), queryset=Desk.objects.none(), empty_label=None)
    title = forms.CharField(label=_("What is down, and where"), max_length=200)
    workaround = forms.CharField(
        label=_("What people can do meanwhile"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        field = self.fields["desk"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people_access.desks(actor)
        dress(self)


class IncidentTextForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    workaround = forms.CharField(label=_("Workaround"), required=False)


def dress(form: forms.Form) -> None:
    """Give the fields the classes of the shell's form controls."""
    for field in form.fields.values():
        select = isinstance(field.widget, forms.Select)
        field.widget.attrs.setdefault("class", "form-select" if select else "form-control")
