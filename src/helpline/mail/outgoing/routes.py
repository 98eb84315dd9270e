"""Which way the mail of a mailbox leaves: its own, else that of the installation (HELPLINE_SMTP_URL), else a folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings

from helpline.core.clock import SYSTEM as CLOCK
from helpline.core.sealed import CannotOpen, opened
from helpline.mail.mailboxes.connection import Connection, Secrets
from helpline.mail.mailboxes.oauth import TOKENS
from helpline.mail.mailboxes.permission import token_of
from helpline.mail.mailboxes.troubles import SourceTrouble
from helpline.mail.models import Mailbox, Sending, Way
from helpline.mail.transports.envelope import Answer, Fate, Transport, Undelivered
from helpline.mail.transports.folder import FolderTransport
from helpline.mail.transports.provider import PROVIDERS, ProviderTransport
from helpline.mail.transports.smtp import SmtpTransport

#: RFC 8314: submission with TLS from the start; RFC 6409: submission
PORTS: Final = {"tls": 465, "starttls": 587, "none": 25}
#: `sign_in` of a way: with the permission of the mailbox, not with a password
AS_MAILBOX: Final = "mailbox"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Route:
    """How mail leaves, for people. `way` is never DEFAULT; `where`: host and port, provider or folder."""

    way: Way
    where: str


def transport_of(mailbox: Mailbox) -> Transport:
    """The way out of the mailbox. Raises Undelivered when its password cannot be read."""
    chosen = Sending.objects.filter(mailbox=mailbox).first()
    if chosen is None or chosen.way == Way.DEFAULT:
        return of_url(settings.ENV.smtp_url)
    if chosen.way == Way.FOLDER:
        return _folder()
    try:
        secret = opened(chosen.secret)
    except CannotOpen as error:
        answer = Answer(Fate.LATER, "", "the password was sealed with another secret key; type it anew")
        raise Undelivered(answer, everything=True) from error
    if chosen.way != Way.SMTP:
        return _provider(chosen.facts, secret)
    found = _smtp(chosen.facts, secret)
    return _as_the_mailbox(found, mailbox) if chosen.facts.get("sign_in") == AS_MAILBOX else found


def _as_the_mailbox(found: SmtpTransport, mailbox: Mailbox) -> SmtpTransport:
    """Signs in by the permission that the mailbox's own account gave for fetching (OAuth 2)."""
    try:
        facts, secrets = Connection.of(mailbox.connection), Secrets.of(mailbox.secret)
    except CannotOpen as error:
        answer = Answer(Fate.LATER, "", "the permission was sealed with another secret key; connect anew")
        raise Undelivered(answer, everything=True) from error
    ask = token_of(mailbox, facts, secrets, CLOCK)

    def token() -> str:
        try:
            return ask()
        except SourceTrouble as trouble:
            raise Undelivered(Answer(Fate.LATER, "", str(trouble)[:500]), everything=True) from trouble

    user = found.user or facts.user
    return replace(found, user=user, token=token, refused=lambda: TOKENS.forget(secrets))


def route_of(mailbox: Mailbox) -> Route:
    """How mail of the mailbox leaves, for people."""
    chosen = Sending.objects.filter(mailbox=mailbox).first()
    if chosen is not None and chosen.way == Way.PROVIDER:
        return Route(Way.PROVIDER, str(chosen.facts.get("provider", "")))
    if chosen is not None and chosen.way == Way.SMTP:
        return Route(Way.SMTP, _where(_smtp(chosen.facts, "")))
    if chosen is not None and chosen.way == Way.FOLDER:
        return Route(Way.FOLDER, str(_folder().folder))
    found = of_url(settings.ENV.smtp_url)
    if isinstance(found, SmtpTransport):
        return Route(Way.SMTP, _where(found))
    if isinstance(found, ProviderTransport):
        return Route(Way.PROVIDER, found.name)
    return Route(Way.FOLDER, str(_folder().folder))


def kept_here(mailboxes: Sequence[Mailbox]) -> list[Mailbox]:
    """Those of the mailboxes whose letters are files of this machine and go nowhere; one query."""
    ways = dict(Sending.objects.filter(mailbox__in=mailboxes).values_list("mailbox_id", "way"))
    here = {Way.FOLDER, Way.DEFAULT} if not settings.ENV.smtp_url else {Way.FOLDER}
    return [one for one in mailboxes if ways.get(one.pk, Way.DEFAULT) in here]


def folder() -> Path:
    """Where letters lie that go nowhere."""
    return _folder().folder


def of_url(url: str) -> SmtpTransport | ProviderTransport | FolderTransport:
    """The way a setting names; "" is the folder. Raises ValueError for what names none.

    smtps://USER:PASSWORD@HOST[:PORT]             TLS from the start
    smtp://USER:PASSWORD@HOST[:PORT]              STARTTLS, on this machine without; ?security=none says so
    mailgun://:KEY@?sender_domain=mg.example.org  a provider of django-anymail
    """
    if not url:
        return _folder()
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    password = unquote(parts.password or "")
    if parts.scheme in PROVIDERS:
        return ProviderTransport(parts.scheme, password, asked)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("give smtp://HOST, smtps://HOST or the name of a provider, such as mailgun://:KEY@")
    plain = "none" if parts.hostname in _LOOPBACK else "starttls"
    security = "tls" if parts.scheme == "smtps" else asked.get("security", plain)
    if security not in PORTS:
        raise ValueError("security is tls, starttls or none")
    user = unquote(parts.username or "")
    return SmtpTransport(parts.hostname, parts.port or PORTS[security], security, user, password)


def _smtp(facts: Mapping[str, Any], secret: str) -> SmtpTransport:
    security = str(facts.get("security") or "starttls")
    port = facts.get("port") or PORTS.get(security, 587)
    return SmtpTransport(str(facts.get("host", "")), int(port), security, str(facts.get("user", "")), secret)


def _provider(facts: Mapping[str, Any], secret: str) -> ProviderTransport:
    known = {"sender_domain"} & facts.keys()
    return ProviderTransport(str(facts.get("provider", "")), secret, {one: str(facts[one]) for one in known})


def _folder() -> FolderTransport:
    return FolderTransport(Path(settings.ENV.data) / "mail" / "outbox")


def _where(found: SmtpTransport) -> str:
    return f"{found.host}:{found.port}"
