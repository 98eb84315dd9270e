"""Lets rooms above know of a call's turns: `call_offered`, `call_answered`, `call_passed_on`, `call_ended`, `call_wrapped_up`."""

from typing import Any

import structlog
from django.db import transaction

from helpline.core.registry import announce

log = structlog.get_logger(__name__)


def tell(hook: str, **facts: Any) -> None:
    """Announce it in the running transaction. A fault up there is logged and undone, and the call goes on:
    two people who talk to each other must not be parted by a ticket that cannot be written."""
    try:
        with transaction.atomic():
            announce(hook, **facts)
    except Exception:
        log.exception("hook_failed", hook=hook)
