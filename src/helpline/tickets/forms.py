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
from helpline.tickets.models import (
    Category,
    Colour,
    Impact,
    Incident,
    IncidentState,
    Priority,
    StatusKind,
    Tag,
    Ticket,
    Urgency,
)
from helpline.tickets.statuses import options, status_key, status_rows
from helpline.tickets.tags import below


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
    status = forms.ChoiceField(label=_("Status"))
    impact = forms.ChoiceField(label=_("Impact"), choices=[("", "–"), *Impact.choices], required=False)
    urgency = forms.ChoiceField(label=_("Urgency"), choices=[("", "–"), *Urgency.choices], required=False)
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
        _offer_statuses(self.fields["status"], ticket)
        for name in set(self.fields) - set(data):
            del self.fields[name]


def _offer_statuses(field: forms.Field, ticket: Ticket) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = options(status_rows(), [status_key(ticket)])


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
    impact = forms.ChoiceField(label=_("Impact"), choices=[("", "–"), *Impact.choices], required=False)
    urgency = forms.ChoiceField(label=_("Urgency"), choices=[("", "–"), *Urgency.choices], required=False)
    priority = forms.ModelChoiceField(
        label=_("Priority"),
        queryset=Priority.objects.none(),
        required=False,
        empty_label=_("by impact and urgency"),
    )
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


class TagForm(forms.Form):
    """A tag with its place in the tree."""

    name = forms.CharField(label=_("Name"), max_length=50)
    parent = forms.ModelChoiceField(
        label=_("Below"), queryset=Tag.objects.none(), required=False, empty_label=_("at the top")
    )
    colour = forms.ChoiceField(
        label=_("Colour"), choices=Colour.choices, initial=Colour.GREY, widget=forms.RadioSelect
    )
    description = forms.CharField(
        label=_("When to use it"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(
        self, desk: Desk, data: Mapping[str, Any] | None = None, tag: Tag | None = None, **initial: Any
    ) -> None:
        if tag is not None:
            names = ("name", "parent", "colour", "description")
            initial = {name: getattr(tag, name) for name in names}
        super().__init__(data, initial=initial)
        places = Tag.objects.filter(desk=desk).order_by("path")
        field = self.fields["parent"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = places.exclude(pk__in=below(tag).values("pk")) if tag else places
        dress(self)


class StatusForm(forms.Form):
    """A status of the company's own."""

    label = forms.CharField(label=_("Name"), max_length=60)
    kind = forms.ChoiceField(label=_("Kind"), choices=StatusKind.choices, initial=StatusKind.OPEN)
    order = forms.IntegerField(label=_("Place"), min_value=0, max_value=9999, initial=100)


class StatusChangeForm(forms.Form):
    """The word, place and offer of a status; usual ones send no word."""

    label = forms.CharField(label=_("Name"), max_length=60, required=False)
    order = forms.IntegerField(label=_("Place"), min_value=0, max_value=9999)
    active = forms.BooleanField(label=_("Offered"), required=False)


class PriorityForm(forms.Form):
    """A priority's words and weight."""

    label = forms.CharField(label=_("Name"), max_length=60)
    meaning = forms.CharField(label=_("Meaning"), max_length=200, required=False)
    rank = forms.IntegerField(label=_("Weight"), min_value=1, max_value=999)


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
        if isinstance(field.widget, forms.RadioSelect):
            continue
        select = isinstance(field.widget, forms.Select)
        field.widget.attrs.setdefault("class", "form-select" if select else "form-control")
