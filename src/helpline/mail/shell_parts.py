"""What this room puts into the shell: rail entries, and the notice of mailboxes that need somebody."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from helpline.core import registry
from helpline.core.access import Actor
from helpline.mail.access import ADMINS, READERS, REPLAYERS
from helpline.people.access import actor

#: who hears of trouble with mail
TOLD = (*ADMINS, *REPLAYERS)


def render_notice(request: HttpRequest, _subject: object) -> str:
    """The place of the notice for those who look after mail, nothing for others. It is asked for when the page
    stands, together with the counts of the rail: a page is shown far more often than a mailbox fails."""
    if not request.user.is_authenticated or not actor(request).may(None, *TOLD):
        return ""
    desks = sorted(actor(request).desk_ids)
    return render_to_string("mail/notice_feed.html", {"desk_ids": desks}, request)


def _counted_later(_actor: Actor) -> None:
    """The notice brings the count."""
    return


def register() -> None:
    """Called once when the room is ready."""
    registry.panels("shell.notice").register("mailboxes", render_notice)
    ledger = registry.NavItem(
        _("Mail ledger"), "mail_ledger", "inbox", frozenset(READERS), badge=_counted_later
    )
    registry.navigation.register("mail_ledger", ledger, 42)
    boxes = registry.NavItem(_("Mailboxes"), "mailboxes", "mail", frozenset(TOLD), badge=_counted_later)
    registry.navigation.register("mailboxes", boxes, 83)
