"""Forms of mailboxes."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from helpline.mail.models import Mailbox, Scanner
from helpline.mail.trust.actions import TrustSettings


class TrustForm(forms.Form):
    """Whom a mailbox believes, and from when a message is junk."""

    authserv_ids = forms.CharField(
        label=_("Names of servers whose verdicts are believed"),
        required=False,
        max_length=1000,
        help_text=_("As they stand at the beginning of Authentication-Results, for example mx.example.org."),
    )
    relays = forms.CharField(
        label=_("Our own relays"),
        required=False,
        max_length=1000,
        help_text=_(
            "Hosts, addresses or networks that hand mail to this mailbox; what they write is believed."
        ),
    )
    asks_dns = forms.BooleanField(
        label=_("Check SPF, DKIM and DMARC here when no server says"), required=False
    )
    dkim_selectors = forms.CharField(
        label=_("Our DKIM selectors"),
        required=False,
        max_length=500,
        help_text=_("Names of the keys our outgoing mail is signed with."),
    )
    junk_from = forms.FloatField(
        label=_("Junk from so many points"),
        required=False,
        help_text=_("Usually 5. Empty: nothing is junk."),
    )
    scanner = forms.ChoiceField(label=_("Spam filter to ask"), choices=Scanner.choices, required=False)
    scanner_url = forms.CharField(label=_("Where it is"), required=False, max_length=200)

    def __init__(self, mailbox: Mailbox, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=_shown(mailbox))
        for name, field in self.fields.items():
            kind = {"asks_dns": "form-check-input", "scanner": "form-select"}.get(name, "form-control")
            field.widget.attrs["class"] = kind

    def settings(self) -> TrustSettings:
        """What was given; names are parted by commas or blanks."""
        given = self.cleaned_data
        return TrustSettings(
            authserv_ids=_names(given["authserv_ids"]),
            relays=_names(given["relays"]),
            asks_dns=given["asks_dns"],
            junk_from=given["junk_from"],
            scanner=given["scanner"],
            scanner_url=given["scanner_url"].strip(),
            dkim_selectors=_names(given["dkim_selectors"]),
        )


def _shown(mailbox: Mailbox) -> dict[str, Any]:
    return {
        "authserv_ids": ", ".join(mailbox.authserv_ids),
        "relays": ", ".join(mailbox.relays),
        "dkim_selectors": ", ".join(mailbox.dkim_selectors),
        "asks_dns": mailbox.asks_dns,
        "junk_from": mailbox.junk_from,
        "scanner": mailbox.scanner,
        "scanner_url": mailbox.scanner_url,
    }


def _names(said: str) -> list[str]:
    return said.replace(",", " ").split()
