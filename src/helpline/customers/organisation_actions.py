"""What is done to organisations: made, said anew, deleted."""

from collections.abc import Mapping
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, registry
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.customers import events
from helpline.customers.access import WRITERS
from helpline.customers.models import Asset, Organisation
from helpline.people.models import Desk

#: fields a person may change
EDITABLE: Final = ("name", "location", "account_number", "note")


@transaction.atomic
def create_organisation(
    actor: Actor,
    desk: Desk,
    name: str,
    *,
    location: str = "",
    account_number: str = "",
    note: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Organisation:
    """Make an organisation of the desk. Raises Invalid without a name, Conflict when the desk has one of that name."""
    require(actor, desk.pk, *WRITERS)
    made = Organisation(
        desk=desk,
        name=name.strip(),
        location=location.strip(),
        account_number=account_number.strip(),
        note=note.strip(),
    )
    _check(made)
    made.save()
    _record(actor, "create", made, {"name": made.name}, clock)
    return made


@transaction.atomic
def edit_organisation(
    actor: Actor, organisation: Organisation, *, clock: Clock = SYSTEM_CLOCK, **fields: str
) -> Organisation:
    """Change fields named in EDITABLE; what stays the same is not written. Raises as `create_organisation`."""
    require(actor, organisation.desk_id, *WRITERS)
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise Invalid(f"{', '.join(sorted(unknown))}: cannot be changed here.", code="unknown_field")
    there = Organisation.objects.select_for_update().get(pk=organisation.pk)
    changes = {
        name: [getattr(there, name), value.strip()]
        for name, value in fields.items()
        if getattr(there, name) != value.strip()
    }
    for name, (_before, value) in changes.items():
        setattr(there, name, value)
    if not changes:
        return there
    _check(there)
    there.save(update_fields=list(changes))
    _record(actor, "edit", there, changes, clock)
    if "name" in changes:
        registry.announce(events.HOOK_ORGANISATION_RENAMED, organisation=there)
    return there


@transaction.atomic
def delete_organisation(actor: Actor, organisation: Organisation, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Delete one that was made by mistake. Raises Conflict while somebody or something belongs to it."""
    require(actor, organisation.desk_id, *WRITERS)
    there = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if there.contacts.exists() or there.assets.exists():
        raise Conflict(_("Contacts or assets belong to this organisation."), code="needed")
    registry.announce(events.HOOK_ORGANISATION_LEAVES, organisation=there)
    there.delete()
    _record(actor, "delete", organisation, {"name": organisation.name}, clock)


@transaction.atomic
def discard_asset(
    actor: Actor, organisation: Organisation, asset_id: int, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """The organisation does not have the asset any more, which nobody uses. Raises Invalid."""
    require(actor, organisation.desk_id, *WRITERS)
    asset = Asset.objects.filter(organisation=organisation, contact=None, pk=asset_id).first()
    if asset is None:
        raise Invalid(_("The organisation has no such asset that nobody uses."), code="asset")
    asset.delete()
    _record(actor, "edit", organisation, {"asset": [asset.tag, ""]}, clock)


def _check(organisation: Organisation) -> None:
    if not organisation.name:
        raise Invalid(_("An organisation needs a name."), code="name")
    same = Organisation.objects.filter(desk=organisation.desk_id, name__iexact=organisation.name)
    if same.exclude(pk=organisation.pk).exists():
        raise Conflict(_("The desk has an organisation of this name already."), code="taken")


def _record(
    actor: Actor, verb: str, organisation: Organisation, changes: Mapping[str, object], clock: Clock
) -> None:
    desk_id = organisation.desk_id
    audit.record(actor, verb, "organisation", organisation.pk, desk_id=desk_id, changes=changes, clock=clock)
