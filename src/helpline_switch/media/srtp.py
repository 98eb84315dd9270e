"""SRTP of a leg whose keys were agreed on in SDP (RFC 3711, 4568, 7714), by libsrtp."""

from __future__ import annotations

import base64
import binascii

from pylibsrtp import Error, Policy, Session

from helpline_switch.media.errors import BadRequest
from helpline_switch.media.terms import Keys

_PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}


class Guard:
    """Protects what goes out and lets in only what carries a good tag and is no replay."""

    def __init__(self, keys: Keys, before: Guard | None = None) -> None:
        """Raises BadRequest for an unknown suite or a key of the wrong length.

        An own key that was in use ``before`` goes on with its count of packets, which the far side keeps too.
        """
        self.keys = keys
        self.refused = 0
        try:
            profile = _PROFILES[keys.suite]
            same = before is not None and (before.keys.suite, before.keys.ours) == (keys.suite, keys.ours)
            self._out: Session = (
                before._out
                if same and before is not None
                else _session(keys.ours, profile, Policy.SSRC_ANY_OUTBOUND)
            )
            self._in = _session(keys.theirs, profile, Policy.SSRC_ANY_INBOUND)
        except (KeyError, ValueError, Error, binascii.Error) as error:
            raise BadRequest(f"no SRTP with {keys.suite}: {error}") from error

    def protect(self, packet: bytes) -> bytes:
        """An RTP packet, encrypted."""
        return bytes(self._out.protect(packet))

    def protect_report(self, packet: bytes) -> bytes:
        """An RTCP packet, encrypted."""
        return bytes(self._out.protect_rtcp(packet))

    def open(self, packet: bytes) -> bytes | None:
        """The RTP packet inside; None (and counted) for what is forged, replayed or too long."""
        try:
            return bytes(self._in.unprotect(packet))
        except (Error, ValueError):
            self.refused += 1
            return None

    def open_report(self, packet: bytes) -> bytes | None:
        """The same for RTCP."""
        try:
            return bytes(self._in.unprotect_rtcp(packet))
        except (Error, ValueError):
            self.refused += 1
            return None


def _session(key: str, profile: int, direction: int) -> Session:
    return Session(
        Policy(key=base64.b64decode(key, validate=True), ssrc_type=direction, srtp_profile=profile)
    )
