"""The door to DNS: one resolver for the process, a short patience for each message, and rest after DNS was away.

Nothing here is asked while a transaction is open.
"""

import functools
import time
from typing import Any, Final

import dns.exception
import dns.name
import dns.resolver

from helpline.mail.incoming.resting import Resting

#: seconds all questions about one message may take together
PATIENCE_S: Final = 3.0
#: after DNS was away it is left in peace for so long: mail goes on, unjudged
REST_S: Final = 60.0
_CACHED: Final = 20_000


class Away(Exception):
    """DNS does not answer now."""


_DNS: Final = "dns"
rest = Resting(REST_S)


def make() -> dns.resolver.Resolver:
    """A resolver of this machine that remembers nothing. Raises Away when it knows no name server."""
    try:
        made = dns.resolver.Resolver()
    except (dns.resolver.NoResolverConfiguration, OSError) as error:
        raise Away(str(error)) from error
    made.timeout = 1.0
    made.lifetime = PATIENCE_S
    return made


@functools.cache
def resolver() -> dns.resolver.Resolver:
    """The resolver of this process, with a cache that keeps to the times to live. Raises Away."""
    made = make()
    made.cache = dns.resolver.LRUCache(_CACHED)
    return made


class Door:
    """DNS for one message: all its questions take at most `seconds` together. `through`: another resolver."""

    def __init__(self, seconds: float = PATIENCE_S, through: dns.resolver.Resolver | None = None) -> None:
        self._until = time.monotonic() + seconds
        self._through = through

    def ask(self, name: str, kind: str) -> list[Any]:
        """The records of this name and kind (A, AAAA, MX, PTR, TXT); none when there are none. Raises Away."""
        if rest.goes_on(_DNS):
            raise Away("DNS was away a moment ago")
        left = self._until - time.monotonic()
        if left <= 0:
            raise Away("no time left")
        return self._asked(name, kind, left)

    def _asked(self, name: str, kind: str, seconds: float) -> list[Any]:
        try:
            return list((self._through or resolver()).resolve(name, kind, lifetime=seconds, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN, dns.name.LabelTooLong):
            return []
        except (dns.name.EmptyLabel, dns.name.NameTooLong, dns.name.BadEscape, UnicodeError):
            return []
        except dns.resolver.NoNameservers as error:
            # This zone is broken; others may well answer.
            raise Away(str(error)) from error
        except (dns.exception.DNSException, OSError) as error:
            rest.begin(_DNS)
            raise Away(str(error)) from error

    def txt(self, name: str) -> list[bytes]:
        """The TXT records of this name, the strings of each joined (RFC 7208, 3.3). Raises Away."""
        return [b"".join(record.strings) for record in self.ask(name, "TXT")]
