"""Whom a mailbox believes, and from when a message is junk: set by the desk's administrators."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.mail.access import ADMINS
from helpline.mail.address.actions import tell
from helpline.mail.models import Mailbox, Scanner


@dataclass(frozen=True, slots=True)
class TrustSettings:
    """See the fields of Mailbox of the same names. `junk_from` None: nothing is junk."""

    authserv_ids: Sequence[str] = ()
    relays: Sequence[str] = ()
    asks_dns: bool = True
    junk_from: float | None = None
    scanner: str = ""
    scanner_url: str = ""
    dkim_selectors: Sequence[str] = ()


@transaction.atomic
def set_trust(actor: Actor, mailbox: Mailbox, given: TrustSettings, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Change them. Raises Invalid for a filter without an address and for names that can be none."""
    require(actor, mailbox.desk_id, *ADMINS)
    _check(given)
    before = {name: getattr(mailbox, name) for name in TrustSettings.__dataclass_fields__}
    wanted: dict[str, Any] = {
        name: _cleaned(value) if isinstance(value, (list, tuple)) else value
        for name, value in asdict(given).items()
    }
    changes = {name: [before[name], value] for name, value in wanted.items() if before[name] != value}
    if not changes:
        return
    Mailbox.objects.filter(pk=mailbox.pk).update(**wanted)
    mailbox.refresh_from_db()
    audit.record(
        actor, "set_trust", "mailbox", mailbox.pk, desk_id=mailbox.desk_id, changes=changes, clock=clock
    )
    tell(mailbox, clock)


def _cleaned(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name.strip().lower() for name in names if name.strip()))


def _check(given: TrustSettings) -> None:
    if given.scanner and given.scanner not in Scanner.values:
        raise Invalid(_("This spam filter is not known."), code="scanner")
    if given.scanner and not _host(given.scanner_url):
        raise Invalid(
            _("Say where the spam filter is."),
            code="scanner_url",
            help=_("For example http://127.0.0.1:11333 for rspamd, 127.0.0.1:783 for SpamAssassin."),
        )
    if given.junk_from is not None and not 0 < given.junk_from <= 100:
        raise Invalid(_("Junk begins somewhere between 0 and 100 points."), code="junk_from")
    for name in (*given.authserv_ids, *given.relays, *given.dkim_selectors):
        if len(name) > 255 or any(sign.isspace() for sign in name.strip()):
            raise Invalid(_("“%(name)s” is no name of a host or key.") % {"name": name[:60]}, code="name")


def _host(url: str) -> str:
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        _port = parts.port
    except ValueError:
        return ""
    return parts.hostname or ""
