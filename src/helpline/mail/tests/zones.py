"""DNS for tests: zones written down, handed in at the door. Nothing leaves the machine."""

import dns.exception
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

from helpline.mail.trust import door


class Zones(dns.resolver.Resolver):
    """Answers from `records`: (name, kind) -> texts. `away` names (or everything, with "*") do not answer."""

    def __init__(self, records: dict[tuple[str, str], list[str]], away: frozenset[str] = frozenset()) -> None:
        super().__init__(configure=False)
        self.nameservers = ["127.0.0.1"]
        self.records = {(name.lower(), kind): texts for (name, kind), texts in records.items()}
        self.away = away
        self.asked: list[tuple[str, str]] = []

    def resolve(self, qname, rdtype="A", *_args, raise_on_no_answer=True, **_options):  # type: ignore[override]
        name, kind = (
            str(qname).rstrip(".").lower(),
            dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype)),
        )
        self.asked.append((name, kind))
        if "*" in self.away or name in self.away:
            raise dns.resolver.LifetimeTimeout(timeout=1.0, errors=[])
        query = dns.message.make_query(f"{name}.", kind)
        texts = self.records.get((name, kind), [])
        if not texts and not any(one == name or one.endswith(f".{name}") for one, _kind in self.records):
            raise dns.resolver.NXDOMAIN(qnames=[query.question[0].name], responses={})
        answer = dns.message.make_response(query)
        if texts:
            records = dns.rrset.from_text(f"{name}.", 300, "IN", kind, *texts)
            found = answer.find_rrset(
                answer.answer, records.name, records.rdclass, records.rdtype, create=True
            )
            found.update(records)
        elif raise_on_no_answer:
            raise dns.resolver.NoAnswer(response=answer)
        rd = dns.rdatatype.RdataType.make(kind)
        return dns.resolver.Answer(query.question[0].name, rd, dns.rdataclass.IN, answer)


def txt(text: str) -> str:
    """A TXT record as zone files write it: strings of at most 255 signs."""
    return " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))


def use(monkeypatch: pytest.MonkeyPatch, zones: Zones) -> Zones:
    """Put these zones behind the door for this test."""
    door.resolver.cache_clear()
    door.rest.clear()
    monkeypatch.setattr(door, "make", lambda: zones)
    return zones
