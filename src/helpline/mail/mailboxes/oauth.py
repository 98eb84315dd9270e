"""OAuth 2 for mailboxes: permission asked for once in the browser, kept as a refresh token, turned into access tokens.

RFC 6749 (sections 4.1 and 6) with PKCE (RFC 7636). Endpoints and scopes: Microsoft "Authenticate an IMAP, POP or SMTP
connection using OAuth", Google "OAuth 2.0 Mechanism" for Gmail. An access token lives in memory only.
"""

import base64
import hashlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from helpline.core.clock import Clock
from helpline.mail.mailboxes.connection import Connection, Secrets, SignIn
from helpline.mail.mailboxes.troubles import Code, SourceTrouble, said
from helpline.mail.models import MailboxKind

TIMEOUT_S: Final = 20.0
#: an access token is not used in its last moments
_SPARE: Final = timedelta(seconds=60)
_MOST: Final = 1 << 16
_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
_OUTLOOK = "https://outlook.office.com"
#: refusals after which only a person can help (RFC 6749 section 5.2)
_FINAL: Final = frozenset(
    {"invalid_grant", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
)


@dataclass(frozen=True, slots=True)
class Provider:
    """Where permission is asked for. `more`: what this provider wants besides."""

    authorize_url: str
    token_url: str
    scope: str
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Granted:
    """An answer of the token endpoint. `refresh_token` is empty when the one we have stays good."""

    access_token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str = field(default="", repr=False)
    #: when the permission itself ends, if the provider says so
    ends_at: datetime | None = None


def provider_of(facts: Connection, kind: str) -> Provider:
    """The provider of a mailbox; what its connection names goes before what is usual."""
    if facts.sign_in == SignIn.GOOGLE:
        found = Provider(
            "https://accounts.google.com/o/oauth2/v2/auth",
            "https://oauth2.googleapis.com/token",
            "https://mail.google.com/",
            {"access_type": "offline", "prompt": "consent"},
        )
    elif facts.sign_in == SignIn.MICROSOFT:
        base = _MICROSOFT.format(tenant=facts.tenant or "common")
        right = "POP" if kind == MailboxKind.POP3 else "IMAP"
        scope = f"offline_access {_OUTLOOK}/{right}.AccessAsUser.All {_OUTLOOK}/SMTP.Send"
        found = Provider(f"{base}/authorize", f"{base}/token", scope)
    else:
        found = Provider("", "", "offline_access")
    return replace(
        found,
        authorize_url=facts.authorize_url or found.authorize_url,
        token_url=facts.token_url or found.token_url,
    )


def authorize_url(facts: Connection, kind: str, redirect_uri: str, state: str, verifier: str) -> str:
    """Where the browser goes to ask for permission. `verifier`: a secret of ours, proven later."""
    provider = provider_of(facts, kind)
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "client_id": facts.client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": provider.scope,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "login_hint": facts.user,
        **provider.more,
    }
    return f"{provider.authorize_url}?{urlencode(asked)}"


def exchange(
    facts: Connection, kind: str, secrets: Secrets, code: str, redirect_uri: str, verifier: str, clock: Clock
) -> Granted:
    """Turn the code the browser brought back into tokens. Raises SourceTrouble."""
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return _ask(facts, kind, secrets, asked | {"code_verifier": verifier}, clock)


def refresh(facts: Connection, kind: str, secrets: Secrets, clock: Clock) -> Granted:
    """A new access token. Raises SourceTrouble: `token` when permission has ended."""
    if not secrets.refresh_token:
        raise SourceTrouble(Code.TOKEN, "not connected yet")
    return _ask(
        facts, kind, secrets, {"grant_type": "refresh_token", "refresh_token": secrets.refresh_token}, clock
    )


def _ask(facts: Connection, kind: str, secrets: Secrets, asked: dict[str, str], clock: Clock) -> Granted:
    url = provider_of(facts, kind).token_url
    if urlsplit(url).scheme not in {"https", "http"}:
        raise SourceTrouble(Code.TOKEN, "no token endpoint is set")
    told = asked | {"client_id": facts.client_id}
    if secrets.client_secret:
        told["client_secret"] = secrets.client_secret
    answer = _answer(urllib.request.Request(url, urlencode(told).encode(), {"Accept": "application/json"}))
    return _granted(answer, clock.now())


def _answer(request: urllib.request.Request) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return _json(answer.read(_MOST))
    except urllib.error.HTTPError as error:
        with error:
            told = _json(error.read(_MOST))
        why = str(told.get("error") or error.code)
        detail = f"{why}: {told.get('error_description', '')}".strip(": ")
        code = Code.TOKEN if why in _FINAL or error.code in {400, 401, 403} else Code.LOST
        raise SourceTrouble(code, detail[:300]) from error
    except OSError as error:
        raise SourceTrouble(Code.LOST, f"{urlsplit(request.full_url).hostname}: {said(error)}") from error


def _json(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _granted(answer: Mapping[str, Any], now: datetime) -> Granted:
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise SourceTrouble(Code.TOKEN, "the provider gave no access token")
    # RFC 6749 section 5.1: recommended, not required
    lives = _seconds(answer.get("expires_in")) or 3600
    ends = _seconds(answer.get("refresh_token_expires_in"))
    return Granted(
        token,
        now + timedelta(seconds=lives),
        str(answer.get("refresh_token") or ""),
        now + timedelta(seconds=ends) if ends else None,
    )


def _seconds(value: object) -> int:
    text = str(value)
    return int(text) if text.isdigit() else 0


class AccessTokens:
    """Access tokens of this process by refresh token, so that not every connection asks for one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[bytes, Granted] = {}

    def get(self, facts: Connection, kind: str, secrets: Secrets, clock: Clock) -> Granted:
        """A token that is good for a while. One with `refresh_token` is fresh: the caller keeps the new secret."""
        key = hashlib.sha256(secrets.refresh_token.encode()).digest()
        with self._lock:
            known = self._known.get(key)
        if known is not None and known.expires_at - _SPARE > clock.now():
            return replace(known, refresh_token="")
        granted = refresh(facts, kind, secrets, clock)
        if granted.refresh_token:
            key = hashlib.sha256(granted.refresh_token.encode()).digest()
        with self._lock:
            self._known = {each: one for each, one in self._known.items() if one.expires_at > clock.now()}
            self._known[key] = granted
        return granted

    def forget(self, secrets: Secrets) -> None:
        """The server did not take it: the next one is asked for anew."""
        with self._lock:
            self._known.pop(hashlib.sha256(secrets.refresh_token.encode()).digest(), None)


TOKENS = AccessTokens()
