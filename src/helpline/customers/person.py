"""What identifies a contact, and what of it identifies nobody else at the desk."""

from collections import defaultdict

from django.db.models import Q

from helpline.core.models import AuditRow
from helpline.core.personal import Person
from helpline.core.redaction import Redactor
from helpline.customers.models import Contact, PhoneNumber
from helpline.customers.numbers import written

#: shorter texts and parts of names mean too much else
_PART_LENGTH, _ID_LENGTH = 3, 4


def person_of(contact: Contact) -> Person:
    """The contact as other rooms look for them, with former names, numbers, ids and addresses too."""
    former = _former(contact)
    names = {contact.name} | former["name"]
    numbers = {row.e164 for row in contact.numbers.all()} | former["number"]
    mails = {row.address for row in contact.addresses.all()} | former["address"]
    ids = ({contact.user_id} | former["user_id"]) - {""}
    own = _writings(numbers - _shared(contact, numbers))
    return Person(
        contact_id=contact.pk,
        desk_id=contact.desk_id,
        numbers=own,
        anywhere=Redactor(
            names={name for name in names if " " in name} - _namesakes(contact, names),
            words=mails | _long(ids, _ID_LENGTH),
            numbers=own,
        ),
        near=Redactor(
            names=names | _parts(contact, names),
            words=mails | ids | _things(contact),
            numbers=_writings(numbers),
        ),
    )


def _former(contact: Contact) -> dict[str, set[str]]:
    """Field -> its values before and after each change that was written down."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in AuditRow.objects.filter(subject_kind="contact", subject_id=str(contact.pk)):
        for name, value in row.changes.items():
            values = value if isinstance(value, list) else [value]
            found[name] |= {one for one in values if isinstance(one, str) and one}
    return found


def _shared(contact: Contact, numbers: set[str]) -> set[str]:
    others = PhoneNumber.objects.filter(e164__in=numbers, contact__desk_id=contact.desk_id)
    return set(others.exclude(contact=contact).values_list("e164", flat=True))


def _namesakes(contact: Contact, names: set[str]) -> set[str]:
    """Those of the names that another contact of the desk has too."""
    same = Q(name__in=names)
    for name in names:
        same |= Q(name__iexact=name)
    others = Contact.objects.filter(same, desk_id=contact.desk_id).exclude(pk=contact.pk)
    taken = {name.casefold() for name in others.values_list("name", flat=True)}
    return {name for name in names if name.casefold() in taken}


def _parts(contact: Contact, names: set[str]) -> set[str]:
    """Single names, and the place; they identify the person only where it is about them."""
    parts = {part.strip(".,") for name in names for part in name.split()}
    return _long(parts | {contact.location}, _PART_LENGTH)


def _things(contact: Contact) -> set[str]:
    return _long({text for one in contact.assets.all() for text in (one.tag, one.serial)}, _ID_LENGTH)


def _long(texts: set[str], least: int) -> set[str]:
    return {text for text in texts if len(text) >= least}


def _writings(numbers: set[str]) -> frozenset[str]:
    return frozenset(form for number in numbers for form in written(number))
