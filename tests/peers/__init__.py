"""Tools for tests that play the other side of the telephone: SIPp callers, baresip phones, a voice on RTP, an ARI client."""
