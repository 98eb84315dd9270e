"""Junk, as the shell and the pages of rooms below show it."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from helpline.core import registry
from helpline.mail import access
from helpline.mail.junk.actions import opener
from helpline.people import access as people
from helpline.tickets.models import StatusKind, Ticket


def junk_button(request: HttpRequest, ticket: Ticket) -> str:
    """“Junk” at a ticket that a mail opened and that is not done."""
    done = ticket.status in (StatusKind.SOLVED, StatusKind.CLOSED)
    if ticket.channel != "mail" or done or not people.actor(request).may(ticket.desk_id, *access.JUDGES):
        return ""
    if opener(ticket) is None:
        return ""
    return render_to_string("mail/junk_button.html", {"ticket": ticket}, request=request)


def register() -> None:
    """Called once when the program starts."""
    registry.panels("ticket.actions").register("junk", junk_button, order=90)
    registry.navigation.register(
        "junk", registry.NavItem(_("Junk"), "mail_junk", "filter", frozenset(access.JUDGES)), order=28
    )
