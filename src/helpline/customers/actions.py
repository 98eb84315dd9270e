"""What is done to contacts: the only writers of this room."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, gathering, outbox, registry
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid, NotFound
from helpline.customers import events
from helpline.customers.access import WRITERS, require_living
from helpline.customers.models import Asset, Contact, EmailAddress, Organisation, PhoneNumber
from helpline.customers.numbers import e164
from helpline.people.models import Desk

#: signs of a mail address (RFC 5321, section 4.5.3.1.3)
LONGEST_ADDRESS = 254
#: fields of a contact a person may change
EDITABLE = ("name", "user_id", "organisation", "language", "location", "job", "note")


@transaction.atomic
def create_contact(
    actor: Actor,
    desk: Desk,
    name: str,
    *,
    user_id: str = "",
    organisation: Organisation | None = None,
    language: str = "",
    location: str = "",
    job: str = "",
    note: str = "",
    number: str = "",
    address: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Contact:
    """Make a contact of the desk. Raises Invalid without a name, Conflict when the user id is taken."""
    require(actor, desk.pk, *WRITERS)
    contact = Contact(
        desk=desk,
        name=name.strip(),
        user_id=user_id.strip(),
        organisation=organisation,
        language=language,
        location=location,
        job=job,
        note=note,
        created_at=clock.now(),
    )
    _check(contact)
    gathering.add(contact)
    if number:
        add_number(actor, contact, number, clock=clock)
    if address:
        _first_address(actor, contact, address, clock)
    audit.record(
        actor, "create", "contact", contact.pk, desk_id=desk.pk, changes={"name": contact.name}, clock=clock
    )
    _tell(events.CONTACT_CREATED, contact, clock)
    return contact


def _require_writing(actor: Actor, contact: Contact) -> None:
    require(actor, contact.desk_id, *WRITERS)
    require_living(contact)


def _check(contact: Contact) -> None:
    if not contact.name:
        raise Invalid(_("A contact needs a name."), code="name")
    if contact.organisation and contact.organisation.desk_id != contact.desk_id:
        raise Invalid(_("The organisation belongs to another desk."), code="other_desk")
    if contact.user_id and _twin(contact):
        raise Conflict(
            _("Another contact of this desk has this user id."),
            code="user_id_taken",
            help=_("Search for the user id and open that contact."),
        )


def _twin(contact: Contact) -> bool:
    same = Contact.objects.filter(
        desk=contact.desk, user_id__iexact=contact.user_id, merged_into=None, erased_at=None
    )
    return same.exclude(pk=contact.pk).exists()


@transaction.atomic
def edit_contact(actor: Actor, contact: Contact, *, clock: Clock = SYSTEM_CLOCK, **fields: Any) -> Contact:
    """Change fields named in EDITABLE; what stays the same is not written. Raises as `create_contact`."""
    _require_writing(actor, contact)
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise Invalid(f"{', '.join(sorted(unknown))}: cannot be changed here.", code="unknown_field")
    contact = Contact.objects.select_related("organisation").get(pk=contact.pk)
    changes = {}
    for name, value in fields.items():
        before = getattr(contact, name)
        if before != value:
            changes[name] = [str(before or ""), str(value or "")]
            setattr(contact, name, value)
    if not changes:
        return contact
    _check(contact)
    contact.save(update_fields=list(changes))
    audit.record(actor, "edit", "contact", contact.pk, desk_id=contact.desk_id, changes=changes, clock=clock)
    _tell(events.CONTACT_CHANGED, contact, clock)
    registry.announce(events.HOOK_CONTACT_CHANGED, contact=contact)
    return contact


@transaction.atomic
def add_number(
    actor: Actor, contact: Contact, number: str, *, label: str = "", clock: Clock = SYSTEM_CLOCK
) -> PhoneNumber:
    """Add a number however written; the same number twice is one. Raises Invalid for what is no number."""
    _require_writing(actor, contact)
    value = e164(number, contact.desk.country)
    if not value.lstrip("+").isdigit():
        raise Invalid(
            _("This is no telephone number."), code="number", help=_("For example +31 30 555 0199.")
        )
    row, made = PhoneNumber.objects.get_or_create(contact=contact, e164=value, defaults={"label": label})
    if made:
        _changed(actor, contact, {"number": ["", value]}, clock)
    return row


@transaction.atomic
def remove_number(actor: Actor, contact: Contact, e164_text: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """The number no longer points to this contact."""
    _require_writing(actor, contact)
    gone, _rows = PhoneNumber.objects.filter(contact=contact, e164=e164_text).delete()
    if gone:
        _changed(actor, contact, {"number": [e164_text, ""]}, clock)


def _first_address(actor: Actor, contact: Contact, address: str, clock: Clock) -> None:
    """The address of a contact that was just made: nobody can have given it one before."""
    row = gathering.add(EmailAddress(contact=contact, address=_address(address)))
    _changed(actor, contact, {"address": ["", row.address]}, clock)


def _address(said: str) -> str:
    value = said.strip().lower()
    if "@" not in value:
        raise Invalid(_("This is no mail address."), code="address")
    return value


@transaction.atomic
def add_address(actor: Actor, contact: Contact, address: str, *, clock: Clock = SYSTEM_CLOCK) -> EmailAddress:
    """Add a mail address, kept in lower case."""
    _require_writing(actor, contact)
    value = _address(address)
    row, made = EmailAddress.objects.get_or_create(contact=contact, address=value)
    if made:
        _changed(actor, contact, {"address": ["", value]}, clock)
    return row


@transaction.atomic
def contact_of_address(
    actor: Actor,
    desk: Desk,
    address: str,
    *,
    name: str = "",
    sought: bool = False,
    clock: Clock = SYSTEM_CLOCK,
) -> Contact | None:
    """The contact of the desk with this mail address, the oldest of several, made when there is none.

    A new one is called `name`, else what stands before the @. `sought`: the caller looked, and there is none. None for
    what is no address or too long for one.
    """
    value = address.strip().lower()
    try:
        validate_email(value)
    except ValidationError:
        return None
    if len(value) > LONGEST_ADDRESS:
        return None
    if not sought:
        known = Contact.objects.filter(desk=desk, addresses__address=value, erased_at=None, merged_into=None)
        found = known.select_related("organisation", "desk").order_by("pk").first()
        if found is not None:
            return found
    called = " ".join(name.split())[:150] or value.partition("@")[0]
    return create_contact(actor, desk, called, address=value, clock=clock)


@transaction.atomic
def remove_address(actor: Actor, contact: Contact, address: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Mail from the address no longer points to this contact."""
    _require_writing(actor, contact)
    gone, _rows = EmailAddress.objects.filter(contact=contact, address=address).delete()
    if gone:
        _changed(actor, contact, {"address": [address, ""]}, clock)


@transaction.atomic
def add_asset(
    actor: Actor,
    contact: Contact,
    *,
    tag: str,
    kind: str,
    model: str = "",
    serial: str = "",
    licence: str = "",
    location: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Asset:
    """Note equipment or a licence the contact has; without a location it is where they are. Raises Invalid.

    One of this tag that the organisation has, and nobody uses, is the same one.
    """
    _require_writing(actor, contact)
    asset = _unused(contact, tag.strip()) or Asset(organisation=contact.organisation)
    asset.contact = contact
    _describe(asset, tag, kind, model, serial, licence, location or contact.location)
    asset.save()
    _changed(actor, contact, {"asset": ["", asset.tag]}, clock)
    return asset


@transaction.atomic
def edit_asset(
    actor: Actor, contact: Contact, asset_id: int, *, clock: Clock = SYSTEM_CLOCK, **facts: str
) -> Asset:
    """Say anew what an asset of the contact is: the facts `add_asset` takes. Raises NotFound, Invalid."""
    _require_writing(actor, contact)
    asset = _asset(contact, asset_id)
    before = {name: getattr(asset, name) for name in ASSET_FACTS}
    _describe(asset, *(facts.get(name, before[name]) for name in ASSET_FACTS))
    changes = {name: [before[name], getattr(asset, name)] for name in ASSET_FACTS}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if changes:
        asset.save(update_fields=list(changes))
        _changed(
            actor, contact, {f"asset {before['tag']} {name}": pair for name, pair in changes.items()}, clock
        )
    return asset


@transaction.atomic
def remove_asset(actor: Actor, contact: Contact, asset_id: int, *, clock: Clock = SYSTEM_CLOCK) -> Asset:
    """The contact does not have the asset any more; it stays with their organisation. Raises NotFound."""
    _require_writing(actor, contact)
    asset = _asset(contact, asset_id)
    if asset.organisation_id is None:
        asset.delete()
    else:
        asset.contact = None
        asset.save(update_fields=["contact"])
    _changed(actor, contact, {"asset": [asset.tag, ""]}, clock)
    return asset


def _unused(contact: Contact, tag: str) -> Asset | None:
    if contact.organisation_id is None:
        return None
    unused = Asset.objects.filter(organisation=contact.organisation_id, contact=None, tag__iexact=tag)
    return unused.order_by("pk").first()


#: what is said of an asset, in the order in which it is asked
ASSET_FACTS = ("tag", "kind", "model", "serial", "licence", "location")


def _asset(contact: Contact, asset_id: int) -> Asset:
    asset = Asset.objects.filter(contact=contact, pk=asset_id).first()
    if asset is None:
        raise NotFound(_("This contact has no such asset."))
    return asset


def _describe(asset: Asset, *facts: str) -> None:
    for name, value in zip(ASSET_FACTS, facts, strict=True):
        setattr(asset, name, value.strip())
    if not asset.tag or not asset.kind:
        raise Invalid(_("An asset needs a tag and a kind."), code="asset")


def _changed(actor: Actor, contact: Contact, changes: dict[str, list[str]], clock: Clock) -> None:
    audit.record(actor, "edit", "contact", contact.pk, desk_id=contact.desk_id, changes=changes, clock=clock)
    _tell(events.CONTACT_CHANGED, contact, clock)


def _tell(kind: str, contact: Contact, clock: Clock) -> None:
    outbox.emit(
        kind,
        desk_id=contact.desk_id,
        topics=events.contact_topics(contact.pk),
        data={"contact_id": contact.pk},
        clock=clock,
    )
