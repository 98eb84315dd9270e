"""What identifies a contact, and what of it identifies nobody else at the desk."""

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Q

from helpline.core.models import AuditRow
from helpline.core.personal import Person
from helpline.core.redaction import Redactor
from helpline.customers.models import Contact, EmailAddress, PhoneNumber
from helpline.customers.numbers import written

#: shorter texts and parts of names mean too much else
_PART_LENGTH, _ID_LENGTH = 3, 4


def person_of(contact: Contact) -> Person:
    """The contact as other rooms look for them, with former names, numbers, ids and addresses too."""
    whole = [contact, *parts_of(contact)]
    former = _former(whole)
    names = {one.name for one in whole} | former["name"]
    numbers, shared = _numbers(whole, former["number"])
    mails = {row.address for row in EmailAddress.objects.filter(contact__in=whole)} | former["address"]
    ids = ({one.user_id for one in whole} | former["user_id"]) - {""}
    own = _writings(numbers - shared)
    return Person(
        contact_id=contact.pk,
        desk_id=contact.desk_id,
        numbers=own,
        anywhere=Redactor(
            names={name for name in names if " " in name} - _namesakes(whole, names),
            words=mails | _long(ids, _ID_LENGTH),
            numbers=own,
        ),
        near=Redactor(
            names=names | _parts(contact, names),
            words=mails | ids | _things(contact),
            numbers=_writings(numbers),
        ),
    )


def parts_of(contact: Contact) -> list[Contact]:
    """Contacts that were merged into this one, also those that came along with another."""
    found: list[Contact] = []
    level = list(contact.merged.all())
    while level:
        found += level
        level = list(Contact.objects.filter(merged_into__in=level))
    return found


def _former(whole: Sequence[Contact]) -> dict[str, set[str]]:
    """Field -> its values before and after each change that was written down."""
    found: dict[str, set[str]] = defaultdict(set)
    ids = [str(one.pk) for one in whole]
    for row in AuditRow.objects.filter(subject_kind="contact", subject_id__in=ids):
        for name, value in row.changes.items():
            values = value if isinstance(value, list) else [value]
            found[name] |= {one for one in values if isinstance(one, str) and one}
    return found


def _numbers(whole: Sequence[Contact], former: set[str]) -> tuple[set[str], set[str]]:
    """The person's numbers, with those of before, and those among them that others at the desk have too."""
    own = PhoneNumber.objects.filter(contact__in=whole)
    same = Q(e164__in=former) | Q(e164__in=own.values("e164"))
    rows = PhoneNumber.objects.filter(same, contact__desk_id=whole[0].desk_id)
    known = set(rows.values_list("e164", "contact_id"))
    people = {one.pk for one in whole}
    theirs = {number for number, contact in known if contact in people}
    return theirs | former, {number for number, contact in known if contact not in people}


def _namesakes(whole: Sequence[Contact], names: set[str]) -> set[str]:
    """Those of the names that another contact of the desk has too."""
    same = Q(name__in=names)
    for name in names:
        same |= Q(name__iexact=name)
    others = Contact.objects.filter(same, desk_id=whole[0].desk_id)
    others = others.exclude(pk__in=[one.pk for one in whole])
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
