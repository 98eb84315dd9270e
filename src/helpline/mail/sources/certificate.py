"""The certificate our own door shows: two files (PEM) that somebody renews now and then."""

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """Chain and key; without `key` the key lies in the same file."""

    chain: Path
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """For a server, TLS 1.2 or later. Raises OSError (ssl.SSLError is one) when the files cannot be used."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.chain, self.key)
        return context

    def version(self) -> tuple[float, ...]:
        """Another one when a file was replaced; 0 for a file that is not there."""
        files = (self.chain, self.key or self.chain)
        return tuple(one.stat().st_mtime if one.exists() else 0.0 for one in files)
