"""The form of a mailbox: what is asked depends on its kind."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from helpline.core.sealed import CannotOpen
from helpline.mail.mailboxes.actions import MailboxFacts
from helpline.mail.mailboxes.connection import POLL_S, After, Begin, Connection, Secrets, Security, SignIn
from helpline.mail.models import Mailbox, MailboxKind
from helpline.mail.webform.fields import FormFacts, read
from helpline.people.forms import dress

_MB: Final = 1 << 20
_BASIC: Final = ("name", "address", "language")
_SERVER: Final = ("host", "user", "sign_in", "password", "security", "port")
_OAUTH: Final = ("client_id", "client_secret", "tenant", "authorize_url", "token_url", "token_ends")
_LATER: Final = ("reopen_days", "max_mb", "raw_days")
#: kind -> the fields it asks for, in groups: (name of the group, fields)
GROUPS: Final[Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    MailboxKind.IMAP: (
        ("basic", _BASIC),
        ("server", _SERVER),
        ("oauth", _OAUTH),
        ("messages", ("folder", "after", "move_to", "begin", "poll_s")),
        ("later", _LATER),
    ),
    MailboxKind.POP3: (
        ("basic", _BASIC),
        ("server", _SERVER),
        ("oauth", _OAUTH),
        ("messages", ("after", "poll_s")),
        ("later", _LATER),
    ),
    MailboxKind.SMTP: (("basic", _BASIC), ("later", _LATER)),
    MailboxKind.FORM: (
        ("basic", _BASIC),
        ("form", ("title", "intro", "questions", "thanks")),
        ("later", _LATER),
    ),
    MailboxKind.FOLDER: (("basic", _BASIC), ("later", _LATER)),
}
_POP3_AFTER: Final = (After.LEAVE, After.DELETE)


class MailboxForm(forms.Form):
    """Address, server and what becomes of messages. Secrets are asked for, never shown."""

    name = forms.SlugField(label=_("Name"), max_length=50, help_text=_("Short, for lists: support, sales."))
    address = forms.EmailField(label=_("Mail address"), max_length=254, help_text=_("To which people write."))
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("Of what we write by ourselves.")
    )
    host = forms.CharField(label=_("Server"), max_length=253, required=False)
    port = forms.IntegerField(
        label=_("Port"), required=False, min_value=1, max_value=65535, help_text=_("Empty: the usual one.")
    )
    security = forms.ChoiceField(label=_("Encryption"), choices=Security.choices, initial=Security.TLS)
    user = forms.CharField(label=_("User name"), max_length=254, required=False)
    sign_in = forms.ChoiceField(label=_("Sign in with"), choices=SignIn.choices, initial=SignIn.PASSWORD)
    password = forms.CharField(
        label=_("Password"),
        required=False,
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    client_id = forms.CharField(
        label=_("Client id"),
        required=False,
        max_length=200,
        help_text=_("Of the application registered at the provider."),
    )
    client_secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    tenant = forms.CharField(
        label=_("Tenant"),
        required=False,
        max_length=120,
        help_text=_("Microsoft 365 only: your directory's id or domain."),
    )
    authorize_url = forms.URLField(label=_("Authorisation address"), required=False, assume_scheme="https")
    token_url = forms.URLField(label=_("Token address"), required=False, assume_scheme="https")
    token_ends = forms.DateField(
        label=_("Client secret ends on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("We warn you a week before."),
    )
    folder = forms.CharField(label=_("Folder"), max_length=200, initial="INBOX", required=False)
    after = forms.ChoiceField(label=_("Afterwards, at the server"), choices=After.choices)
    move_to = forms.CharField(label=_("Move to"), max_length=200, required=False)
    begin = forms.ChoiceField(label=_("Messages that lie there already"), choices=Begin.choices)
    poll_s = forms.IntegerField(
        label=_("Look every … seconds"),
        min_value=15,
        max_value=3600,
        initial=POLL_S,
        help_text=_("Where the server cannot call us."),
    )
    title = forms.CharField(label=_("Title"), max_length=120, required=False)
    intro = forms.CharField(
        label=_("Introduction"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    questions = forms.CharField(
        label=_("Further questions"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "One a line. A star: must be answered. After a colon: the choices, with commas between. For "
            "example “Room *” or “Device: Laptop, Phone, Other”."
        ),
    )
    thanks = forms.CharField(
        label=_("Thank-you text"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    reopen_days = forms.IntegerField(
        label=_("Days a closed ticket reopens"),
        min_value=0,
        max_value=3650,
        initial=14,
        help_text=_("A later reply opens a new ticket."),
    )
    max_mb = forms.IntegerField(label=_("Largest message in MB"), min_value=1, max_value=500, initial=60)
    raw_days = forms.IntegerField(
        label=_("Days the original is kept"),
        required=False,
        min_value=1,
        max_value=36500,
        help_text=_("Empty: for ever. What it says stays in the ticket."),
    )

    def __init__(
        self,
        kind: str,
        data: Mapping[str, Any] | None = None,
        *,
        mailbox: Mailbox | None = None,
        language: str = "",
    ) -> None:
        super().__init__(data, initial=_values(mailbox) if mailbox else {"language": language})
        self.kind, self._mailbox = kind, mailbox
        asked = {name for _group, names in GROUPS[kind] for name in names}
        for name in set(self.fields) - asked:
            del self.fields[name]
        if kind == MailboxKind.POP3:
            after = self.fields["after"]
            assert isinstance(after, forms.ChoiceField)
            after.choices = [(one.value, one.label) for one in _POP3_AFTER]
        self._tell_what_is_kept()
        dress(self)

    def _tell_what_is_kept(self) -> None:
        if self._mailbox is None or "password" not in self.fields:
            return
        try:
            kept = Secrets.of(self._mailbox.secret)
        except CannotOpen:
            self.fields["password"].help_text = _("The one kept cannot be read any more. Type it anew.")
            return
        for name in ("password", "client_secret"):
            if getattr(kept, name):
                self.fields[name].help_text = _("One is kept. Type only to change it.")

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields in their groups."""
        return [(group, [self[name] for name in names]) for group, names in GROUPS[self.kind]]

    def facts(self) -> MailboxFacts:
        """What was typed. Raises Invalid for questions that cannot be."""
        given = self.cleaned_data
        ends = given.get("token_ends")
        known = {
            "host",
            "port",
            "user",
            "tenant",
            "client_id",
            "authorize_url",
            "token_url",
            "move_to",
            "poll_s",
        }
        told = {
            name: given[name] for name in known | {"security", "sign_in", "after", "begin"} if name in given
        }
        return MailboxFacts(
            name=given["name"],
            address=given["address"],
            kind=self.kind,
            language=given["language"],
            connection=Connection(**told, folder=given.get("folder") or "INBOX"),
            secrets=Secrets(given.get("password", ""), given.get("client_secret", "")),
            form=self._form_facts(),
            reopen_days=given["reopen_days"],
            max_size=given["max_mb"] * _MB,
            raw_days=given["raw_days"],
            token_expires_at=datetime.combine(ends, time(), UTC) if ends else None,
        )

    def _form_facts(self) -> FormFacts:
        given = self.cleaned_data
        if self.kind != MailboxKind.FORM:
            return FormFacts()
        fields = read(given["questions"].splitlines())
        return FormFacts(given["title"], given["intro"], given["thanks"], fields)


def _values(mailbox: Mailbox) -> dict[str, Any]:
    form = FormFacts.of(mailbox.form)
    ends = mailbox.token_expires_at
    return {
        **Connection.of(mailbox.connection).stored(),
        **{
            name: getattr(mailbox, name)
            for name in ("name", "address", "language", "reopen_days", "raw_days")
        },
        "max_mb": max(1, mailbox.max_size // _MB),
        "token_ends": ends.date() if ends else None,
        "title": form.title,
        "intro": form.intro,
        "thanks": form.thanks,
        "questions": "\n".join(one.line for one in form.fields),
    }
