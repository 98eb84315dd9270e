"""The trust of one message: what a trusted relay says of it, else what we find out ourselves.

Called before the transaction that files the message, since DNS may take its time. It never raises: what cannot be found
out is `unknown`, and the message is filed all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from helpline.mail.parsing.message import Message
from helpline.mail.trust import computed, header, hops, verdicts
from helpline.mail.trust.door import Away, Door
from helpline.mail.trust.verdicts import NONE, UNKNOWN, Proofs, Trust

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whom a mailbox believes: names under which verdicts are written, relays, and whether we may ask DNS."""

    authserv_ids: Collection[str] = ()
    relays: Collection[str] = ()
    may_ask: bool = True


def judge(
    message: Message,
    raw: Callable[[], bytes],
    trusted: Trusted,
    envelope: dict[str, Any] | None = None,
    door: Door | None = None,
) -> Trust:
    """The verdicts on the message. `raw` gives its bytes, only asked for a signature; `envelope`: see hops.client."""
    domain = message.sender.domain if message.sender else ""
    try:
        return _judged(message, raw, trusted, envelope, door or Door(), domain)
    except Exception:
        # Two libraries read what a stranger wrote; whatever they stumble over must not keep a mail from being filed.
        log.exception("the origin of %s could not be judged", message.message_id)
        return Trust(domain=domain)


def _judged(
    message: Message,
    raw: Callable[[], bytes],
    trusted: Trusted,
    envelope: dict[str, Any] | None,
    door: Door,
    domain: str,
) -> Trust:
    told = header.read(message.headers, trusted.authserv_ids, trusted.relays)
    if told is not None:
        dmarc = told.dmarc or _dmarc(domain, told.proofs, trusted, door)
        return Trust(told.spf or NONE, told.dkim or NONE, dmarc, verdicts.HEADER, domain)
    if not trusted.may_ask:
        return Trust(domain=domain)
    return _computed(message, raw, hops.client(message.headers, trusted.relays, envelope), door, domain)


def _computed(
    message: Message, raw: Callable[[], bytes], client: hops.Client | None, door: Door, domain: str
) -> Trust:
    spf_word, spf_domain = computed.spf_of(client, door)
    dkim_word: str = NONE
    signers: tuple[str, ...] = ()
    if "dkim-signature" in message.headers:
        too_large = message.size > computed.MOST_BYTES
        dkim_word, signers = (UNKNOWN, ()) if too_large else computed.dkim_of(raw(), door)
    # Without a client SPF could not be looked at, so a missing pass says nothing against the message.
    sure = client is not None and UNKNOWN not in (spf_word, dkim_word)
    proofs = Proofs(spf_domain if spf_word == verdicts.PASS else "", signers, sure)
    trust = Trust(spf_word, dkim_word, UNKNOWN, verdicts.COMPUTED, domain)
    return replace(trust, dmarc=_asked(domain, proofs, door))


def _dmarc(domain: str, proofs: Proofs, trusted: Trusted, door: Door) -> str:
    return _asked(domain, proofs, door) if trusted.may_ask else UNKNOWN


def _asked(domain: str, proofs: Proofs, door: Door) -> str:
    if not domain:
        return NONE
    try:
        return verdicts.dmarc(domain, proofs, lambda name: computed.policy_of(name, door))
    except Away:
        return UNKNOWN
