"""Whose pictures a person always wants to see: said, and taken back."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.mail.access import READERS
from helpline.mail.models import Letter, PicturesShown


@transaction.atomic
def show_pictures_of(
    actor: Actor, letter: Letter, *, shown: bool = True, clock: Clock = SYSTEM_CLOCK
) -> None:
    """From now on (or, with `shown=False`, no longer) load pictures of this letter's sender for this person.

    It concerns nobody else, so no page is told. Raises Invalid for a letter without a sender, or for no person.
    """
    desk_id = letter.item.ticket.desk_id if letter.item else None
    require(actor, desk_id, *READERS)
    address = letter.sender.casefold()
    if not address or actor.user_id is None:
        raise Invalid(_("Nobody is the sender of this mail."), code="no_sender")
    if shown:
        PicturesShown.objects.get_or_create(user_id=actor.user_id, address=address)
    else:
        PicturesShown.objects.filter(user=actor.user_id, address=address).delete()
    audit.record(
        actor,
        "show_pictures" if shown else "block_pictures",
        "letter",
        letter.pk,
        desk_id=desk_id,
        clock=clock,
    )
