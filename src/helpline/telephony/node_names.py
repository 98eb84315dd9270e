"""What a switch node is called. Apart from the client, so that a look at a switch needs no event loop."""

from urllib.parse import urlsplit


def name_of(url: str) -> str:
    """Host and port of its URL, as far as rows hold it."""
    return urlsplit(url).netloc.rpartition("@")[2][:80]
