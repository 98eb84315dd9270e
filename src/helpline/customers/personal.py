"""Giving out what we hold of a contact, and erasing them: this room's part, and all rooms together."""

import json
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.utils.translation import gettext as _

from helpline.core import audit, outbox, registry
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid
from helpline.core.personal import Asked, Held, Part, Person, PersonalData, columns
from helpline.core.redaction import ERASED
from helpline.customers import events
from helpline.customers.access import ERASERS, GIVERS, require_living
from helpline.customers.models import Asset, Contact, Merge
from helpline.customers.person import parts_of, person_of


def held(person: Person) -> Held:
    """Lines for the page that asks whether to erase."""
    return Held(
        (_("Name, user id, telephone numbers, mail addresses, language, place, job and note"),),
        (_("An empty contact, so that tickets and calls still count as those of one person"),),
    )


def give(asked: Asked) -> Part:
    """The contact with numbers, addresses and assets."""
    contact = Contact.objects.select_related("desk", "organisation").get(pk=asked.person.contact_id)
    merged = [_all_of(part) for part in parts_of(contact)]
    return Part(_all_of(contact) | ({"merged": merged} if merged else {}))


def _all_of(contact: Contact) -> dict[str, Any]:
    return {
        "contact": columns(
            contact,
            "name",
            "user_id",
            "desk",
            "organisation",
            "language",
            "location",
            "job",
            "note",
            "created_at",
        ),
        "numbers": [columns(row, "e164", "label") for row in contact.numbers.all()],
        "addresses": [row.address for row in contact.addresses.all()],
        "assets": [
            columns(row, "tag", "kind", "model", "serial", "location", "licence")
            for row in contact.assets.all()
        ],
    }


def forget(asked: Asked) -> None:
    """Empty the contact; equipment of the organisation stays with it."""
    contact = Contact.objects.get(pk=asked.person.contact_id)
    Merge.objects.filter(target=contact).delete()
    for part in parts_of(contact):
        _empty(part, asked.clock)
    _empty(contact, asked.clock)


def _empty(contact: Contact, clock: Clock) -> None:
    contact.numbers.all().delete()
    contact.addresses.all().delete()
    assets = Asset.objects.filter(contact=contact)
    assets.filter(organisation=None).delete()
    assets.update(contact=None, location="")
    Contact.objects.filter(pk=contact.pk).update(
        name=ERASED,
        user_id="",
        organisation=None,
        language="",
        location="",
        job="",
        note="",
        erased_at=clock.now(),
    )
    audit.blank("contact", contact.pk)


def register() -> None:
    """Called once when the program starts."""
    registry.personal.register("contact", PersonalData(held, give, forget), order=90)


def what_is_held(contact: Contact) -> Held:
    """What an erasure of the contact would take and leave, of all rooms."""
    person = person_of(contact)
    told = [room.held(person) for room in reversed(list(registry.personal))]
    return Held(
        tuple(line for one in told for line in one.goes), tuple(line for one in told for line in one.stays)
    )


@transaction.atomic
def give_out(actor: Actor, contact: Contact, *, clock: Clock = SYSTEM_CLOCK) -> IO[bytes]:
    """An open temporary file with a ZIP of all we hold: `contact.json` and `recordings/*.wav`.

    Who took it is written down. The caller closes the file; then it is gone. Raises NotAllowed, Conflict.
    """
    require(actor, contact.desk_id, *GIVERS)
    require_living(contact)
    asked = Asked(person_of(contact), actor, clock)
    parts = [room.give(asked) for room in reversed(list(registry.personal))]
    facts: dict[str, Any] = {"given_out_at": clock.now().isoformat()}
    for part in parts:
        facts |= part.facts
    audit.record(actor, "give_out", "contact", contact.pk, desk_id=contact.desk_id, clock=clock)
    return _packed(facts, [file for part in parts for file in part.files])


def _packed(facts: dict[str, Any], files: list[tuple[str, bytes | Path]]) -> IO[bytes]:
    archive = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller, who closes it
    # sound hardly gets smaller; the answer should not wait for trying
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as pack:
        pack.writestr("contact.json", json.dumps(facts, ensure_ascii=False, indent=2))
        for name, content in files:
            if isinstance(content, Path):
                pack.write(content, name)
            else:
                pack.writestr(name, content)
    archive.seek(0)
    return archive


@transaction.atomic
def erase(actor: Actor, contact: Contact, typed_name: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Erase the person from all rooms; there is no way back. `typed_name` must be the contact's name.

    Raises NotAllowed, Invalid for another name, Conflict when erased before or on the telephone now.
    """
    require(actor, contact.desk_id, *ERASERS)
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    require_living(contact)
    if _plain(typed_name) != _plain(contact.name):
        raise Invalid(
            _("This is not the name of the person."),
            code="name",
            help=_("Type it exactly as it stands at the top of the page."),
        )
    asked = Asked(person_of(contact), actor, clock)
    for room in registry.personal:
        room.forget(asked)
    audit.redact_desk(contact.desk_id, asked.person.anywhere)
    outbox.redact_desk(contact.desk_id, asked.person.anywhere)
    audit.record(actor, "erase", "contact", contact.pk, desk_id=contact.desk_id, clock=clock)
    outbox.emit(
        events.CONTACT_CHANGED,
        desk_id=contact.desk_id,
        topics=events.contact_topics(contact.pk),
        data={"contact_id": contact.pk},
        clock=clock,
    )


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
