"""Short keys of things people name."""

from collections.abc import Collection

from django.utils.text import slugify

LONGEST = 50


def free_key(name: str, fallback: str, taken: Collection[str]) -> str:
    """A slug of the name that nobody has; `fallback` for names without latin letters, numbered when taken."""
    base = slugify(name)[: LONGEST - 4].strip("-") or fallback
    if base not in taken:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"
