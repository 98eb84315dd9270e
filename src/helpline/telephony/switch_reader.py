"""Asks the switch over ARI and waits for the answer: for pages and the terminal, which only look.

Calls are moved by the acd process alone; nothing here touches one.
"""

import json
import urllib.error
import urllib.request
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings

from helpline.telephony.node_names import name_of

#: seconds a page waits for the switch before it says that it is away
PATIENCE_S = 1.5


class SwitchAway(Exception):
    """The switch does not answer; the text says how it failed."""


class NoSuchDoor(Exception):
    """The switch has nothing under that address: another kind of switch, or nothing kept."""


class SwitchRefused(Exception):
    """The switch answered with an error of its own; the text is its message."""


@dataclass(frozen=True, slots=True)
class SwitchReader:
    """`url` ends in `/ari`. Raises SwitchAway, NoSuchDoor, SwitchRefused from every request."""

    url: str
    user: str
    password: str = field(repr=False)
    patience_s: float = PATIENCE_S

    def get(self, *path: str) -> Any:
        """The decoded answer of `/ari/PATH...`; each part is quoted."""
        return self.ask("GET", *path)

    def ask(self, method: str, *path: str, **query: object) -> Any:
        """The decoded answer, None when it is empty."""
        address = "/".join((self.url.rstrip("/"), *(quote(part, safe="") for part in path)))
        if query:
            address += f"?{urlencode(query)}"
        request = urllib.request.Request(address, method=method)
        secret = b64encode(f"{self.user}:{self.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {secret}")
        try:
            with urllib.request.urlopen(request, timeout=self.patience_s) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise _refusal(error) from error
        except (OSError, ValueError) as error:
            raise SwitchAway(str(getattr(error, "reason", "") or error)) from error


def _refusal(error: urllib.error.HTTPError) -> Exception:
    text = error.read().decode(errors="replace")
    try:
        message = str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        message = text[:200]
    return NoSuchDoor(message) if error.code == 404 else SwitchRefused(f"{error.code} {message}")


def our_switch(node: str = "") -> SwitchReader:
    """The switch of this installation; of several the node of this name, else the first."""
    env = settings.ENV
    url = next((url for url in env.ari_urls if name_of(url) == node), env.ari_url)
    return SwitchReader(url, env.ari_user, env.ari_password)


def node_names() -> tuple[str, ...]:
    """The nodes of this installation, the first one first."""
    return tuple(name_of(url) for url in settings.ENV.ari_urls)
