"""Kinds of notices to colleagues; rooms register theirs, each person chooses how to be told."""

from dataclasses import dataclass

from django.utils.functional import Promise

from helpline.core.registry import Registry


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """A reason to tell somebody, and how it is told unless the person chose otherwise."""

    key: str
    label: str | Promise
    in_app: bool = True
    mail: bool = False
    browser: bool = True


kinds: Registry[NoticeKind] = Registry()


def register(kind: NoticeKind, order: int = 100) -> None:
    """Have people choose about this kind. Raises ValueError when the key is taken."""
    kinds.register(kind.key, kind, order)
