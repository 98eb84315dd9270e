"""A provider of mail by its own interface over HTTPS, through django-anymail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email import encoders
from email.mime.base import MIMEBase
from email.utils import formataddr
from typing import Any, Final

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused  # type: ignore[import-untyped]  # has no types
from anymail.message import AnymailRecipientStatus  # type: ignore[import-untyped]  # has no types
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection
from requests import RequestException

from helpline.mail.outgoing import html
from helpline.mail.outgoing.compose import Carried, Sheet
from helpline.mail.parsing.message import Address
from helpline.mail.transports.envelope import Answer, Envelope, Fate, Turn, Undelivered

#: names as django-anymail has them, and how each calls what proves who we are
PROVIDERS: Final[Mapping[str, str]] = {
    "brevo": "api_key",
    "mailersend": "api_token",
    "mailgun": "api_key",
    "mailjet": "secret_key",
    "mandrill": "api_key",
    "postal": "api_key",
    "postmark": "server_token",
    "resend": "api_key",
    "sendgrid": "api_key",
    "sparkpost": "api_key",
}
_TIMEOUT_S: Final = 30
_REFUSED: Final = frozenset({"invalid", "rejected", "failed"})


@dataclass(frozen=True, slots=True)
class ProviderTransport:
    """`settings`: what the provider wants besides the key, for example `sender_domain` (lower case)."""

    name: str
    key: str = field(default="", repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    #: for tests: the backend, when it is another one than anymail's
    backend: str = ""

    def deliver(self, envelope: Envelope, turn: Turn) -> Mapping[str, Answer]:
        """One request for all recipients."""
        try:
            mail = _mail(envelope, get_connection(self._backend(), **self._facts()))
        except (ImproperlyConfigured, TypeError) as error:
            raise Undelivered(Answer(Fate.LATER, "", str(error)[:500]), everything=True) from error
        turn.hand()
        try:
            mail.send()
        except AnymailAPIError as error:
            raise _refused(error) from error
        except AnymailRecipientsRefused:
            return _answers(envelope, mail)
        except (AnymailError, RequestException, OSError) as error:
            raise Undelivered(Answer(Fate.LATER, "", " ".join(str(error).split())[:500])) from error
        return _answers(envelope, mail)

    def _backend(self) -> str:
        return self.backend or f"anymail.backends.{self.name}.EmailBackend"

    def _facts(self) -> dict[str, Any]:
        known = {PROVIDERS.get(self.name, "api_key"): self.key, **self.settings}
        return {key: value for key, value in known.items() if value}


def _refused(error: AnymailAPIError) -> Undelivered:
    """4xx but for "too many requests" and wrong keys will not become better; keys are mended by people."""
    status = error.status_code or 0
    words = " ".join(str(error).split())[:500]
    if status in (401, 403, 429) or not 400 <= status < 500:
        shut = status in (401, 403, 429)
        return Undelivered(Answer(Fate.LATER, str(status or ""), words), everything=shut, sure=shut)
    return Undelivered(Answer(Fate.NEVER, str(status), words), sure=True)


def _answers(envelope: Envelope, mail: EmailMultiAlternatives) -> Mapping[str, Answer]:
    status = getattr(mail, "anymail_status", None)
    told: Mapping[str, AnymailRecipientStatus] = getattr(status, "recipients", None) or {}
    found = {address.casefold(): one.status for address, one in told.items()}
    return {
        one: Answer(Fate.NEVER, found[one], "the provider does not send to this address")
        if found.get(one) in _REFUSED
        else Answer(Fate.TAKEN, found.get(one) or "", "")
        for one in envelope.recipients
    }


def _mail(envelope: Envelope, connection: Any) -> EmailMultiAlternatives:
    sheet, left = envelope.sheet, set(envelope.recipients)
    mail = EmailMultiAlternatives(
        subject=sheet.subject,
        body=sheet.text,
        from_email=_shown(sheet.sender),
        to=[_shown(one) for one in sheet.to if one.key in left],
        cc=[_shown(one) for one in sheet.cc if one.key in left],
        reply_to=[_shown(sheet.reply_to)] if sheet.reply_to else None,
        headers=_headers(sheet),
        connection=connection,
    )
    if sheet.html:
        mail.attach_alternative(html.framed(sheet.html, sheet.language), "text/html")
    for one in sheet.files:
        _attach(mail, one)
    return mail


def _headers(sheet: Sheet) -> dict[str, str]:
    told = {
        "Message-ID": sheet.message_id,
        "In-Reply-To": sheet.in_reply_to,
        "References": " ".join(sheet.references),
        "Auto-Submitted": sheet.auto,
        "X-Auto-Response-Suppress": "All" if sheet.auto else "",
    }
    return {name: value for name, value in told.items() if value}


def _attach(mail: EmailMultiAlternatives, one: Carried) -> None:
    if not one.content_id:
        mail.attach(one.name or "file", one.read(), one.type)
        return
    main, _slash, sub = one.type.partition("/")
    part = MIMEBase(main, sub)
    part.set_payload(one.read())
    encoders.encode_base64(part)
    part.add_header("Content-ID", f"<{one.content_id}>")
    part.add_header("Content-Disposition", "inline", filename=one.name or "picture")
    mail.attach(part)


def _shown(one: Address) -> str:
    return formataddr((one.name, one.address))
