"""What DNS says of an address we send from, read by checkdmarc and graded. Asks DNS; touches no row."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import dkim
import dns.exception
import dns.resolver
from checkdmarc.dmarc import DMARCError, DMARCRecordNotFound, check_dmarc
from checkdmarc.spf import SPFError, SPFRecordNotFound, parse_spf_record, query_spf_record
from checkdmarc.utils import DNS_CACHE, DNSException, DNSExceptionNXDOMAIN, get_a_records, get_mx_record_set

from helpline.mail.trust import computed, door, verdicts
from helpline.mail.trust.hops import Client

GOOD: Final = "good"
WARN: Final = "warn"
BAD: Final = "bad"
UNKNOWN: Final = "unknown"

#: what is looked at, in this order
ABOUT: Final = ("domain", "mx", "spf", "sender", "dkim", "dmarc", "alignment", "return_path")
#: seconds one question to DNS may take, and the whole check
_ANSWER_S: Final = 3.0
_CHECK_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Subject:
    """An address we send from, and how: the address errors go back to, keys of DKIM, the host that sends for us."""

    address: str
    return_path: str = ""
    selectors: Collection[str] = ()
    sending_host: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()

    @property
    def return_domain(self) -> str:
        return (self.return_path or self.address).rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. `code` and `facts` become words in address.words."""

    about: str
    grade: str
    code: str
    facts: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the check."""
        return asdict(self)


@dataclass
class _Desk:
    """What the single checks share."""

    subject: Subject
    resolver: dns.resolver.Resolver
    dmarc: Mapping[str, Any] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)

    def asking(self) -> dict[str, Any]:
        """How checkdmarc asks."""
        return {"resolver": self.resolver, "timeout": _ANSWER_S, "retries": 0}

    def door(self) -> door.Door:
        """Our own door through the same resolver."""
        return door.Door(_ANSWER_S, self.resolver)


def check(subject: Subject) -> Iterator[Finding]:
    """The findings one after another, each as soon as it is there. What DNS does not answer is `unknown`."""
    DNS_CACHE.clear()  # whoever mended a record wants to see it mended
    door.rest.clear()
    until = time.monotonic() + _CHECK_S
    try:
        desk = _Desk(subject, door.make())
    except door.Away:
        yield from (Finding(about, UNKNOWN, "no_dns") for about in ABOUT)
        return
    for about, look in zip(ABOUT, _LOOKS, strict=True):
        yield from _looked(about, look, desk, until)


def _looked(
    about: str, look: Callable[[_Desk], Iterator[Finding]], desk: _Desk, until: float
) -> Iterator[Finding]:
    if time.monotonic() > until:
        yield Finding(about, UNKNOWN, "no_dns")
        return
    try:
        yield from list(look(desk))
    except (door.Away, DNSException, dns.exception.DNSException, OSError):
        yield Finding(about, UNKNOWN, "no_dns")


def _domain(desk: _Desk) -> Iterator[Finding]:
    domain = desk.subject.domain
    try:
        desk.resolver.resolve(domain, "SOA", lifetime=_ANSWER_S, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN:
        yield Finding("domain", BAD, "domain_missing", {"domain": domain})
        return
    yield Finding("domain", GOOD, "domain_there", {"domain": domain})


def _mx(desk: _Desk) -> Iterator[Finding]:
    domain = desk.subject.domain
    found = _exchangers(domain, desk)
    if found["null_mx"]:
        yield Finding("mx", BAD, "mx_null", {"domain": domain})
    elif not found["hosts"]:
        yield Finding("mx", BAD, "mx_missing", {"domain": domain})
    for host in found["hosts"]:
        name = host["hostname"]
        there = _addresses(name, desk)
        yield Finding("mx", GOOD if there else BAD, "mx_there" if there else "mx_dead", {"host": name})


def _exchangers(domain: str, desk: _Desk) -> Mapping[str, Any]:
    try:
        return dict(get_mx_record_set(domain, **desk.asking()))
    except DNSExceptionNXDOMAIN:
        return {"hosts": [], "null_mx": False}


def _addresses(name: str, desk: _Desk) -> list[str]:
    try:
        return list(get_a_records(name, **desk.asking()))
    except DNSExceptionNXDOMAIN:
        return []


def _spf(desk: _Desk) -> Iterator[Finding]:
    domain = desk.subject.return_domain
    try:
        record = query_spf_record(domain, **desk.asking())["record"]
        read = parse_spf_record(record, domain, **desk.asking())
    except SPFRecordNotFound as error:
        if isinstance(error.error, dns.exception.DNSException):
            raise door.Away(str(error)) from error
        yield Finding("spf", BAD, "spf_missing", {"domain": domain})
        return
    except SPFError as error:
        yield Finding("spf", BAD, "spf_broken", {"domain": domain, "error": str(error)[:300]})
        return
    rest = str(read["parsed"]["all"])
    facts = {"domain": domain, "record": str(record)[:500]}
    if rest == "pass":
        yield Finding("spf", BAD, "spf_everybody", facts)
    elif rest in ("neutral", "None", ""):
        yield Finding("spf", WARN, "spf_open", facts)
    else:
        yield Finding("spf", GOOD, "spf_there", facts)


def _sender(desk: _Desk) -> Iterator[Finding]:
    """Whether SPF names the host that sends for us."""
    host = desk.subject.sending_host
    if not host:
        yield Finding("sender", UNKNOWN, "sender_not_set")
        return
    addresses = _addresses(host, desk)
    if not addresses:
        yield Finding("sender", BAD, "sender_missing", {"host": host})
    sender = desk.subject.return_path or desk.subject.address
    for address in addresses:
        word, _domain_of = computed.spf_of(Client(address, host, sender), desk.door())
        facts = {"host": host, "ip": address, "domain": desk.subject.return_domain}
        if word == verdicts.PASS:
            yield Finding("sender", GOOD, "sender_named", facts)
        else:
            yield Finding("sender", UNKNOWN if word == verdicts.UNKNOWN else WARN, "sender_not_named", facts)


def _dkim(desk: _Desk) -> Iterator[Finding]:
    if not desk.subject.selectors:
        yield Finding("dkim", UNKNOWN, "dkim_not_set")
    for selector in desk.subject.selectors:
        yield _key(selector, desk)


def _key(selector: str, desk: _Desk) -> Finding:
    name = f"{selector}._domainkey.{desk.subject.domain}"
    facts = {"name": name}
    texts = desk.door().txt(name)
    if not texts:
        return Finding("dkim", BAD, "dkim_missing", facts)
    try:
        _key_itself, bits, kind, _tls = dkim.evaluate_pk(name, texts[0])
    except (dkim.KeyFormatError, ValueError) as error:
        return Finding("dkim", BAD, "dkim_broken", facts | {"error": str(error)[:200]})
    desk.keys.append(selector)
    facts["bits"] = str(bits)
    if kind == b"rsa" and bits < 2048:
        return Finding("dkim", BAD if bits < 1024 else WARN, "dkim_short", facts)
    return Finding("dkim", GOOD, "dkim_there", facts)


def _dmarc(desk: _Desk) -> Iterator[Finding]:
    domain = desk.subject.domain
    desk.door().txt(f"_dmarc.{domain}")  # DNS that is away is no missing record
    try:
        found = check_dmarc(domain, **desk.asking())
    except (DMARCRecordNotFound, DMARCError) as error:
        found = {"valid": False, "record": None, "error": str(error)}
    facts = {"domain": domain, "record": str(found.get("record") or "")[:500]}
    if not found["valid"]:
        broken = bool(found.get("record"))
        facts["error"] = str(found.get("error", ""))[:300]
        yield Finding("dmarc", BAD if broken else WARN, "dmarc_broken" if broken else "dmarc_missing", facts)
        return
    desk.dmarc = found["tags"]
    policy = _tag(desk, "p", "none")
    yield Finding(
        "dmarc",
        WARN if policy == "none" else GOOD,
        f"dmarc_{'watch' if policy == 'none' else 'there'}",
        facts,
    )


def _tag(desk: _Desk, name: str, usual: str) -> str:
    said = desk.dmarc.get(name)
    return str(said["value"]) if said else usual


def _alignment(desk: _Desk) -> Iterator[Finding]:
    """DMARC passes when SPF or DKIM passes for the domain of From (RFC 7489, section 3.1)."""
    subject = desk.subject
    facts = {"domain": subject.domain, "return_domain": subject.return_domain}
    strict = _tag(desk, "aspf", "r") == "s"
    if verdicts.aligned(subject.return_domain, subject.domain, strict):
        yield Finding("alignment", GOOD, "aligned_spf", facts)
    elif desk.keys:
        yield Finding("alignment", GOOD, "aligned_dkim", facts)
    else:
        yield Finding("alignment", BAD, "not_aligned", facts)


def _return_path(desk: _Desk) -> Iterator[Finding]:
    """Where bounces go: the domain must take mail."""
    domain = desk.subject.return_domain
    facts = {"address": desk.subject.return_path or desk.subject.address, "domain": domain}
    found = _exchangers(domain, desk)
    takes = bool(found["hosts"]) or (not found["null_mx"] and bool(_addresses(domain, desk)))
    yield Finding("return_path", GOOD if takes else BAD, "return_there" if takes else "return_dead", facts)


_LOOKS: Final = (_domain, _mx, _spf, _sender, _dkim, _dmarc, _alignment, _return_path)
