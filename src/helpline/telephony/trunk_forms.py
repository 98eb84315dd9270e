"""The form of a trunk."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from helpline.people.forms import dress
from helpline.people.models import Desk
from helpline.telephony.models import Trunk, TrunkTransport
from helpline.telephony.trunk_actions import TrunkFacts

_BETWEEN = re.compile(r"[\s,;]+")
_LINES = re.compile(r"[\n,;]+")


class TrunkForm(forms.Form):
    """A provider's servers, our account there, and the numbers. A password is asked for, never shown."""

    name = forms.CharField(
        label=_("Name"), max_length=39, help_text=_("Short, in small letters: the provider's name will do.")
    )
    hosts = forms.CharField(
        label=_("Server"),
        max_length=500,
        help_text=_("By name or address; several with a comma between them are tried in turn."),
    )
    transport = forms.ChoiceField(label=_("Transport"), choices=TrunkTransport.choices)
    port = forms.IntegerField(
        label=_("Port"),
        required=False,
        min_value=1,
        max_value=65535,
        help_text=_("Leave it empty unless the provider names one."),
    )
    username = forms.CharField(label=_("User name"), required=False, max_length=80)
    password = forms.CharField(
        label=_("Password"),
        required=False,
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    register = forms.BooleanField(
        label=_("Register there"),
        required=False,
        help_text=_("Most providers want it. Without it they must know the address of this machine."),
    )
    sources = forms.CharField(
        label=_("Addresses its calls come from"),
        required=False,
        max_length=1000,
        help_text=_("Besides its servers: addresses or networks, as the provider lists them."),
    )
    trusted = forms.BooleanField(
        label=_("Believe the caller's number it vouches for"),
        required=False,
        help_text=_(
            "For providers that check it (P-Asserted-Identity). They are told who we are the same way."
        ),
    )
    numbers = forms.CharField(
        label=_("Numbers"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line. One of them is shown to those you call."),
    )
    rank = forms.IntegerField(
        label=_("Order"), min_value=1, max_value=999, initial=10, help_text=_("The smallest is tried first.")
    )
    shared = forms.BooleanField(label=_("Other desks call out by it too"), required=False)

    def __init__(
        self, desks: Sequence[Desk], data: Mapping[str, Any] | None = None, *, trunk: Trunk | None = None
    ) -> None:
        super().__init__(data, initial=_values(trunk) if trunk else {"register": True, "shared": True})
        self._desks = desks
        for desk in desks:
            self.fields[f"shown_{desk.pk}"] = forms.CharField(
                label=_("Number shown by %(desk)s") % {"desk": desk.name},
                required=False,
                max_length=40,
                initial=trunk.shown_numbers.get(str(desk.pk), "") if trunk else "",
                help_text=_("Empty: the desk's own number if it is one of these, else the first."),
            )
        if trunk and trunk.password_sealed:
            self.fields["password"].help_text = _("One is kept. Type only to change it.")
        dress(self)

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields of the numbers shown, one a desk."""
        return [self[f"shown_{desk.pk}"] for desk in self._desks]

    def facts(self, kept: Trunk | None = None) -> TrunkFacts:
        """What was typed. Numbers shown by desks that are not on this form stay as they are."""
        given = self.cleaned_data
        shown = {int(pk): number for pk, number in (kept.shown_numbers if kept else {}).items()}
        shown |= {desk.pk: given[f"shown_{desk.pk}"] for desk in self._desks}
        return TrunkFacts(
            name=given["name"],
            hosts=_parts(_BETWEEN, given["hosts"]),
            port=given["port"],
            transport=given["transport"],
            username=given["username"],
            password=given["password"] or None,
            register=given["register"],
            sources=_parts(_BETWEEN, given["sources"]),
            numbers=_parts(_LINES, given["numbers"]),
            shown_numbers=shown,
            trusted=given["trusted"],
            shared=given["shared"],
            rank=given["rank"],
        )


def _parts(between: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in between.split(text) if part.strip())


def _values(trunk: Trunk) -> dict[str, object]:
    return {
        "name": trunk.name,
        "hosts": ", ".join(trunk.hosts),
        "transport": trunk.transport,
        "port": trunk.port,
        "username": trunk.username,
        "register": trunk.register,
        "sources": ", ".join(trunk.sources),
        "numbers": "\n".join(trunk.numbers),
        "trusted": trunk.trusted,
        "rank": trunk.rank,
        "shared": trunk.shared,
    }
