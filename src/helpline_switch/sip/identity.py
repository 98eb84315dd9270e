"""Who calls, as far as somebody vouches for it: P-Asserted-Identity (RFC 3325) and Privacy (RFC 3323). SIP thread only."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote

from helpline_switch.sip.capabilities import extra
from helpline_switch.sip.events import Incoming, Party, TrunkTarget

ANONYMOUS: Final = "anonymous"
_NOWHERE: Final = "anonymous.invalid"
_HIDDEN: Final = Party("", ANONYMOUS, _NOWHERE)
#: what only a network that we trust may say, and we only to one
_VOUCHED: Final = frozenset({"p-asserted-identity", "p-preferred-identity", "remote-party-id"})
#: where else the number of somebody who withholds it may stand
_TELLING: Final = _VOUCHED | {"from", "contact", "f", "m", "diversion", "history-info", "referred-by"}
_LONGEST: Final = 1000
_VALUE = re.compile(
    r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.){0,200})"|(?P<name>[^"<,:]{0,200}))\s*<?\s*(?P<scheme>sips?|tel):(?P<rest>[^>,\s]{1,256})>?',
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\+?[0-9]{1,32}")


def heard(request: Any, incoming: Incoming, *, trusted: bool) -> Incoming:
    """The call with its caller as we may believe it: the asserted one where the trunk is ``trusted`` (RFC 3325 9.2),
    else what From claims; nobody where the number is withheld. An account is who it proved to be."""
    hidden = _TELLING if incoming.account is None and _is_withheld(request) else frozenset()
    spoken = incoming.account is None and trusted and not hidden
    gone = hidden if hidden else frozenset() if spoken else _VOUCHED
    headers = {name: value for name, value in incoming.headers.items() if name not in gone}
    caller = _HIDDEN if hidden else incoming.caller
    if spoken:
        caller = _asserted(request) or caller
    return replace(incoming, caller=caller, headers=headers)


def _is_withheld(request: Any) -> bool:
    """RFC 3323 4.1 and 4.2, RFC 3325 9.3: the caller asks for it, or has made From anonymous already."""
    values = ";".join(str(header.body) for header in request.getHFs("privacy")).lower()
    wanted = {word.strip() for word in re.split("[;,]", values)}
    if wanted & {"id", "user"}:
        return True
    url = request.getHFBody("from").getUrl()
    return "none" not in wanted and str(url.host).lower() == _NOWHERE


def _asserted(request: Any) -> Party | None:
    """The identity of P-Asserted-Identity, of two the telephone number (RFC 3325 9.1: one SIP and one tel URI)."""
    text = ", ".join(str(header.body) for header in request.getHFs("p-asserted-identity"))[:_LONGEST]
    found = [party for match in _VALUE.finditer(text) if (party := _party(match)) is not None]
    if not found:
        return None
    best = next((party for party in found if _DIGITS.fullmatch(party.user)), found[0])
    display = next((party.display for party in found if party.display), "")
    return replace(best, display=display)


def _party(match: re.Match[str]) -> Party | None:
    display = re.sub(r"\\(.)", r"\1", match["quoted"]) if match["quoted"] is not None else match["name"]
    user, at, host = match["rest"].partition("@")
    if match["scheme"].lower() == "tel":
        user, host = re.sub(r"[-.()]", "", user), ""
    elif not at:
        return None
    user = unquote(user.partition(";")[0].partition(":")[0])
    if not user or len(user) > 64 or not (user + display).isprintable():
        return None
    return Party(display.strip(), user, host.partition(";")[0].partition("?")[0])


def said(caller: Party, trunk: TrunkTarget, domain: str) -> tuple[Party, tuple[Any, ...]]:
    """The caller for From and what else the provider is told: to one that we trust our identity (RFC 3325 9.1), to
    every one that we withhold our number, if we do (RFC 3323 4.1)."""
    withheld = caller.user in ("", ANONYMOUS)
    headers = [extra("privacy", "id")] if withheld else []
    if not trunk.asserts:
        return caller, tuple(headers)
    user = trunk.username if withheld else caller.user
    if user:
        headers.append(extra("p-asserted-identity", f"<sip:{user}@{domain}>"))
    return (Party("Anonymous", ANONYMOUS, _NOWHERE) if withheld else caller), tuple(headers)
