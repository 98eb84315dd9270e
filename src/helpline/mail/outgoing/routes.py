"""Which way the mail of a mailbox leaves: its own, else that of the installation (HELPLINE_SMTP_URL), else a folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings

from helpline.core.sealed import CannotOpen, opened
from helpline.mail.models import Mailbox, Sending, Way
from helpline.mail.transports.envelope import Answer, Fate, Transport, Undelivered
from helpline.mail.transports.folder import FolderTransport
from helpline.mail.transports.provider import PROVIDERS, ProviderTransport
from helpline.mail.transports.smtp import SmtpTransport

#: RFC 8314: submission with TLS from the start; RFC 6409: submission
PORTS: Final = {"tls": 465, "starttls": 587, "none": 25}
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
    return _smtp(chosen.facts, secret) if chosen.way == Way.SMTP else _provider(chosen.facts, secret)


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
