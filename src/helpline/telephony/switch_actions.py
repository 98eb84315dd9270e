"""What people do to the switch itself, with a row of the audit."""

from ipaddress import ip_network

from django.db import transaction
from django.utils.translation import gettext as _

from helpline.core import audit
from helpline.core.access import SYSTEM, Actor, Role, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid, NotFound, Unavailable
from helpline.telephony.switch_reader import NoSuchDoor, SwitchAway, SwitchReader, SwitchRefused

#: who lets a banned address in again
UNBANNERS = (Role.PHONE_ADMIN,)


def lift_ban(actor: Actor, address: str, switch: SwitchReader, clock: Clock = SYSTEM_CLOCK) -> None:
    """Let an address in again that guessed passwords.

    Raises NotAllowed, Invalid, NotFound when it is not banned, Unavailable when the switch does not answer.
    """
    require(actor, None, *UNBANNERS)
    try:
        ip_network(address, strict=False)
    except ValueError as error:
        raise Invalid(_("This is no address: %(address)s.") % {"address": address[:60]}) from error
    with transaction.atomic():
        audit.record(actor, "switch.ban_lifted", "switch", address, clock=clock)
        try:
            switch.ask("DELETE", "helpline", "bans", address)
        except NoSuchDoor as error:
            raise NotFound(_("%(address)s is not banned any more.") % {"address": address}) from error
        except (SwitchAway, SwitchRefused) as error:
            raise Unavailable(_("The switch does not answer."), help=str(error)) from error


@transaction.atomic
def note_sound_taken(call: str, seconds: float, who: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Somebody at the machine writes the sound of a call to a file: that must not go unnoticed."""
    changes = {"seconds": seconds, "person": who[:60]}
    audit.record(SYSTEM, "call.sound_taken", "call", call[:40], changes=changes, clock=clock)
