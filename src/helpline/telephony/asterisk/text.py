"""The syntax of Asterisk's configuration files."""

from collections.abc import Iterable

from helpline.telephony.asterisk.site import SiteInvalid

HEAD = ";\n; Written by `helpline asterisk config`. Changes here are lost when it runs again.\n;\n"
Options = Iterable[tuple[str, str | int]]


def section(name: str, options: Options) -> str:
    """`[name]` and its options in order. Raises SiteInvalid for a value that would begin a new line or comment."""
    lines = [f"{key}={_value(key, value)}" for key, value in options]
    return "\n".join([f"[{_name(name)}]", *lines, ""])


def document(*sections: str) -> str:
    """The whole file."""
    return "\n".join([HEAD, *(each for each in sections if each)])


def _value(key: str, value: str | int) -> str:
    text = str(value)
    if any(ord(each) < 32 for each in text) or text != text.strip():
        raise SiteInvalid(f"{key}: {text!r} has line breaks, control characters or outer spaces")
    # A semicolon begins a comment unless it is escaped.
    return text.replace(";", "\\;")


def _name(name: str) -> str:
    if not name or any(each in "[]();" or ord(each) < 33 for each in name):
        raise SiteInvalid(f"{name!r} cannot name a section")
    return name
