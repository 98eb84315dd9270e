"""The forms of the page on how a mailbox sends."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from helpline.mail.models import AutoLimits, Mailbox, Sending, Way
from helpline.mail.outgoing.routes import AS_MAILBOX
from helpline.mail.outgoing.settings import MOST_PER_HOUR, SendingFacts
from helpline.mail.transports.provider import PROVIDERS
from helpline.people.forms import dress

SECURITIES = [
    ("starttls", _("TLS after a greeting (STARTTLS)")),
    ("tls", _("TLS from the start")),
    ("none", _("None: only for a server on this machine")),
]


class SendingForm(forms.Form):
    """The way out. The password is asked for, never shown."""

    way = forms.ChoiceField(label=_("Mail leaves by"), choices=Way.choices)
    host = forms.CharField(label=_("Server"), max_length=253, required=False)
    port = forms.IntegerField(
        label=_("Port"), required=False, min_value=1, max_value=65535, help_text=_("Empty: the usual one.")
    )
    security = forms.ChoiceField(label=_("Encryption"), choices=SECURITIES)
    user = forms.CharField(label=_("User name"), max_length=254, required=False)
    as_mailbox = forms.BooleanField(
        label=_("Sign in with the permission of the mailbox (OAuth 2)"),
        required=False,
        help_text=_(
            "For mailboxes that are connected at Microsoft, Google or another provider; no password then."
        ),
    )
    provider = forms.ChoiceField(
        label=_("Provider"),
        required=False,
        choices=[("", "–"), *((name, name.capitalize()) for name in PROVIDERS)],
    )
    sender_domain = forms.CharField(
        label=_("Domain at the provider"), max_length=253, required=False, help_text=_("Mailgun wants it.")
    )
    secret = forms.CharField(
        label=_("Password, or key of the provider"),
        required=False,
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: the one that is kept, as long as the server stays the same."),
    )
    name = forms.CharField(
        label=_("Name beside the address"),
        max_length=120,
        required=False,
        help_text=_("Empty: the name of the desk."),
    )
    plus = forms.BooleanField(
        label=_("Mail to address+anything reaches this mailbox"),
        required=False,
        help_text=_("Then answers find their ticket even from programs that lose all else."),
    )
    auto_reply = forms.BooleanField(label=_("Answer new messages by itself"), required=False)

    def __init__(self, mailbox: Mailbox, data: QueryDict | None = None) -> None:
        row = Sending.objects.filter(mailbox=mailbox).first() or Sending(mailbox=mailbox)
        initial = {"way": row.way, "name": row.name, "plus": row.plus, "auto_reply": row.auto_reply}
        initial["as_mailbox"] = row.facts.get("sign_in") == AS_MAILBOX
        super().__init__(data, initial=initial | dict(row.facts))
        dress(self)

    def facts(self) -> SendingFacts:
        """What the action takes."""
        given = self.cleaned_data
        names = ("host", "port", "security", "user", "provider", "sender_domain")
        return SendingFacts(
            way=given["way"],
            facts={name: given[name] for name in names}
            | {"sign_in": AS_MAILBOX if given["as_mailbox"] else ""},
            secret=given["secret"] or None,
            name=given["name"],
            plus=given["plus"],
            auto_reply=given["auto_reply"],
        )


class AutoTextForm(forms.Form):
    """Words of the automatic reply in one language."""

    subject = forms.CharField(label=_("Subject"), max_length=200, required=False)
    text = forms.CharField(
        label=_("Text"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 9}),
        help_text=_(
            "{name}, {desk}, {subject}, {number} and {time} are filled in. Empty: the usual words again."
        ),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        dress(self)


class LimitsForm(forms.Form):
    """How many automatic replies at most."""

    per_hour = forms.IntegerField(label=_("To one address in an hour"), min_value=0, max_value=MOST_PER_HOUR)
    per_day = forms.IntegerField(label=_("To one address in a day"), min_value=0, max_value=MOST_PER_HOUR)
    per_ticket = forms.IntegerField(label=_("About one ticket"), min_value=0, max_value=MOST_PER_HOUR)
    desk_per_hour = forms.IntegerField(label=_("To all addresses in an hour"), min_value=0, max_value=100_000)

    def __init__(self, limits: AutoLimits | None, data: QueryDict | None = None) -> None:
        row = limits or AutoLimits()
        names = ("per_hour", "per_day", "per_ticket", "desk_per_hour")
        super().__init__(data, initial={name: getattr(row, name) for name in names})
        dress(self)
