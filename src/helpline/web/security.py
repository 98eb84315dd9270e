"""Content Security Policy: only our own files; no inline script or style (CSP Level 3)."""

import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def new_nonce() -> str:
    """A nonce for the one style sheet a library writes itself (the recording player's shadow tree)."""
    return secrets.token_urlsafe(16)


def phone_origin(request: HttpRequest) -> str:
    """Origin of the switch's SIP over WebSocket, which the browser phone connects to."""
    given = urlsplit(settings.ENV.phone_ws_url)
    if given.netloc:
        return f"{given.scheme}://{given.netloc}"
    host = request.get_host().rsplit(":", 1)[0]
    scheme = "wss" if request.is_secure() else "ws"
    return f"{scheme}://{host}:{settings.ENV.ari_port}"


def phone_ws_url(request: HttpRequest) -> str:
    """Where browser phones speak SIP over WebSocket (RFC 7118): as set, else the switch on the host of the page."""
    given: str = settings.ENV.phone_ws_url
    return given or f"{phone_origin(request)}/ws"


def policy(request: HttpRequest, nonce: str) -> str:
    """The header's value."""
    own_socket = f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}"
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "media-src 'self' blob:",
            "font-src 'self'",
            f"connect-src 'self' {own_socket} {phone_origin(request)}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
