"""What applications are told about guessers of passwords and their bans."""

from __future__ import annotations

from helpline_switch.sip.bans import Ban
from helpline_switch.sip.events import Banned

GUESSER_BANNED = "HelplineGuesserBanned"


def ban_told(ban: Ban | Banned) -> dict[str, object]:
    """A ban as JSON; times are ISO 8601 in UTC."""
    return {
        "address": ban.address,
        "since": ban.since.isoformat(timespec="milliseconds"),
        "until": ban.until.isoformat(timespec="milliseconds"),
        "times": ban.times,
        "tried": ban.tried,
    }
