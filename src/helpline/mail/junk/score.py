"""From facts to points and reasons. Pure; the same facts always give the same answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from helpline.mail.trust import verdicts
from helpline.mail.trust.verdicts import Trust

#: reason -> points; those below zero speak for the message
POINTS: Final[dict[str, float]] = {
    "dmarc_fail": 3.0,
    "spf_fail": 1.5,
    "spf_softfail": 0.5,
    "dkim_fail": 0.5,
    "reply_to_elsewhere": 1.5,
    "executable": 4.0,
    "double_extension": 2.0,
    "link_elsewhere": 2.0,
    "many_links_elsewhere": 1.5,
    "many_recipients": 1.0,
    "crowd": 1.0,
    "odd_headers": 1.0,
    "upstream_junk": 5.0,
    "upstream_doubt": 2.0,
    "upstream_good": -1.0,
    "scanner_junk": 6.0,
    "scanner_doubt": 2.5,
    "scanner_good": -1.0,
    "known_contact": -3.0,
    "answered_before": -4.0,
    "in_thread": -3.0,
}
_MANY, _CROWD = 20, 50


@dataclass(frozen=True, slots=True)
class Opinion:
    """What another filter says: its score and the score from which it calls a message junk."""

    score: float
    junk_from: float

    @property
    def is_junk(self) -> bool:
        return self.score >= self.junk_from

    @property
    def is_doubtful(self) -> bool:
        return not self.is_junk and self.junk_from > 0 and self.score >= self.junk_from / 2


@dataclass(frozen=True, slots=True)
class Facts:
    """What the message shows by itself. `links_elsewhere`: links whose text names another host than they lead to."""

    trust: Trust = Trust()  # noqa: RUF009  # frozen, so it may be shared
    reply_to_elsewhere: bool = False
    executable: bool = False
    double_extension: bool = False
    links_elsewhere: int = 0
    recipients: int = 1
    odd_headers: bool = False
    upstream: Opinion | None = None
    scanner: Opinion | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the desk knows of the sender; it counts only when From was not proven false."""

    known_contact: bool = False
    answered_before: bool = False
    in_thread: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """The sum of the points and what they are for, the heaviest first."""

    points: float
    reasons: tuple[tuple[str, float], ...]

    def as_json(self) -> dict[str, object]:
        """As it is kept with the row of the ledger."""
        return {"points": self.points, "reasons": [list(one) for one in self.reasons]}


def score(facts: Facts, standing: Standing | None = None) -> Score:
    """The points of a message. With `standing` what speaks for the sender is taken off."""
    codes = [code for code, holds in _against(facts) if holds]
    if standing is not None and not facts.trust.is_forged:
        codes += [code for code, holds in _in_favour(standing) if holds]
    reasons = sorted(((code, POINTS[code]) for code in codes), key=lambda one: -abs(one[1]))
    return Score(round(sum(points for _code, points in reasons), 2), tuple(reasons))


def _against(facts: Facts) -> list[tuple[str, bool]]:
    trust = facts.trust
    return [
        ("dmarc_fail", trust.is_forged),
        ("spf_fail", trust.spf == verdicts.FAIL),
        ("spf_softfail", trust.spf == verdicts.SOFTFAIL),
        ("dkim_fail", trust.dkim == verdicts.FAIL),
        ("reply_to_elsewhere", facts.reply_to_elsewhere),
        ("executable", facts.executable),
        ("double_extension", facts.double_extension),
        ("link_elsewhere", facts.links_elsewhere > 0),
        ("many_links_elsewhere", facts.links_elsewhere > 2),
        ("many_recipients", facts.recipients > _MANY),
        ("crowd", facts.recipients > _CROWD),
        ("odd_headers", facts.odd_headers),
        *_opinions(facts),
    ]


def _opinions(facts: Facts) -> list[tuple[str, bool]]:
    found = []
    for name, opinion in (("upstream", facts.upstream), ("scanner", facts.scanner)):
        if opinion is not None:
            found += [
                (f"{name}_junk", opinion.is_junk),
                (f"{name}_doubt", opinion.is_doubtful),
                (f"{name}_good", opinion.score <= 0),
            ]
    return found


def _in_favour(standing: Standing) -> list[tuple[str, bool]]:
    return [
        ("known_contact", standing.known_contact),
        ("answered_before", standing.answered_before),
        ("in_thread", standing.in_thread),
    ]
