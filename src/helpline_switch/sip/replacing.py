"""Which call an INVITE with Replaces may take the place of (RFC 3891 3). SIP thread only."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sippy.UacStateRinging import UacStateRinging

from helpline_switch.sip.capabilities import first
from helpline_switch.sip.events import Replaces
from helpline_switch.sip.proving import Refusal
from helpline_switch.sip.refer import BadReferTo, read_replaces

if TYPE_CHECKING:
    from helpline_switch.sip.dialog import Dialog

log = logging.getLogger(__name__)


def replaced(request: Any, dialogs: Iterable[Dialog], account: str | None, trunk: str | None) -> Dialog:
    """The dialog that the request names, established or ringing at our call.

    ``account`` and ``trunk``: who proved to be asking. A dialog of anybody else counts as unknown, so that nobody learns
    of it. Raises Refusal: 400 (unreadable, several), 481 (unknown, or one that still waits for our answer), 486 (only an
    early one is wanted and it is answered), 603 (over already).
    """
    if request.countHFs("replaces") != 1:
        raise Refusal(400)
    try:
        wanted = read_replaces(first(request, "replaces"))
    except BadReferTo as fault:
        raise Refusal(400) from fault
    named = (each for each in dialogs if _is_meant(each, wanted) and _owns(each, account, trunk))
    found = next(named, None)
    if found is None:
        log.warning(
            "INVITE with Replaces refused: %s names no call of %s", account or trunk or "a stranger", wanted
        )
        raise Refusal(481)
    if found.is_over:
        raise Refusal(603)
    if found.isConnected():
        if wanted.early_only:
            raise Refusal(486)
    elif not isinstance(found.state, UacStateRinging):
        raise Refusal(481)
    return found


def _is_meant(dialog: Dialog, wanted: Replaces) -> bool:
    """By Call-ID and both tags, ours being the To tag; of a call that rings by the tag of any phone of it."""
    if (str(dialog.cId), dialog.lTag) != (wanted.call_id, wanted.to_tag):
        return False
    known = dialog.rUri.getTag() if dialog.rUri is not None else None
    if known == wanted.from_tag:
        return True
    return not dialog.isConnected() and dialog.early.get(wanted.from_tag) is not None


def _owns(dialog: Dialog, account: str | None, trunk: str | None) -> bool:
    """Whether it is a call of that account's telephones, or of that trunk."""
    if account is not None:
        return dialog.account == account
    return trunk is not None and dialog.trunk == trunk
