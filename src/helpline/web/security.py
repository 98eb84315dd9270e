"""Content Security Policy: only our own files; no inline script or style (CSP Level 3)."""

import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def new_nonce() -> str:
    """A nonce for the one style sheet a library writes itself (the recording player's shadow tree)."""
    return secrets.token_urlsafe(16)


def phone_ws_urls(request: HttpRequest) -> list[str]:
    """Where browser phones speak SIP over WebSocket (RFC 7118): as set, else the switch on the host of the page, else
    each of several switches by the address under which the desk knows it."""
    given: list[str] = settings.ENV.phone_ws_url.split()
    if given:
        return given
    scheme = "wss" if request.is_secure() else "ws"
    nodes: tuple[str, ...] = settings.ENV.ari_urls
    if len(nodes) > 1:
        return [f"{scheme}://{urlsplit(url).netloc}/ws" for url in nodes]
    host = request.get_host().rsplit(":", 1)[0]
    return [f"{scheme}://{host}:{settings.ENV.ari_port}/ws"]


def phone_origins(request: HttpRequest) -> str:
    """Origins of those, apart by spaces."""
    parts = [urlsplit(url) for url in phone_ws_urls(request)]
    return " ".join(f"{one.scheme}://{one.netloc}" for one in parts if one.netloc)


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
            f"connect-src 'self' {own_socket} {phone_origins(request)}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
