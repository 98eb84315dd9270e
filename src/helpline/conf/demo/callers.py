"""The forty customers of the demo, with organisations, numbers and assets. Numbers are of fictional ranges."""

from dataclasses import dataclass
from datetime import timedelta

from helpline.conf.demo.cast import House
from helpline.core.clock import Clock
from helpline.customers.models import Asset, Contact, EmailAddress, Organisation, PhoneNumber


@dataclass(frozen=True, slots=True)
class Firm:
    """An organisation: `prefix` of the numbers (two digits follow), `letter` of user ids, mail domain."""

    desk: str
    name: str
    location: str
    account: str
    prefix: str
    letter: str
    domain: str
    language: str
    people: tuple[str, ...]


FIRMS = (
    Firm(
        "acme",
        "Acme",
        "Utrecht",
        "ACM-001",
        "+313055501",
        "C",
        "acme.example",
        "nl",
        (
            "Carl Jansen",
            "Maria Bakker",
            "Pieter Visser",
            "Sanne Mulder",
            "Joris van Dijk",
            "Emma Smit",
            "Daan Meijer",
            "Lotte de Boer",
            "Bram Dekker",
            "Noor Willems",
            "Ruben Hendriks",
            "Fleur Jacobs",
        ),
    ),
    Firm(
        "acme",
        "Acme Nordic",
        "Helsinki",
        "ACM-002",
        "+3589555010",
        "N",
        "nordic.acme.example",
        "fi",
        (
            "Aino Virtanen",
            "Mikko Korhonen",
            "Päivi Mäkinen",
            "Jussi Nieminen",
            "Helmi Laine",
            "Eero Heikkilä",
        ),
    ),
    Firm(
        "acme",
        "Acme Japan",
        "Tokyo",
        "ACM-003",
        "+813555001",
        "J",
        "japan.acme.example",
        "ja",
        ("田中 花子", "佐藤 健", "鈴木 美咲", "高橋 翔"),
    ),
    Firm(
        "globex",
        "Globex",
        "Berlin",
        "GLX-100",
        "+4930231250",
        "G",
        "globex.example",
        "de",
        (
            "Jürgen Weiß",
            "Sabine Müller",
            "Thomas Krüger",
            "Anke Schäfer",
            "Uwe Köhler",
            "Petra Schröder",
            "Dirk Lange",
            "Heike Vogel",
        ),
    ),
    Firm(
        "globex",
        "Globex France",
        "Paris",
        "GLX-200",
        "+331990000",
        "F",
        "globex.example",
        "fr",
        ("Chloé Lefèvre", "Hugo Garnier", "Élodie Marchand", "Antoine Rousseau", "Inès Fournier"),
    ),
    Firm(
        "globex",
        "Globex UK",
        "London",
        "GLX-300",
        "+4420794600",
        "U",
        "globex.example",
        "en",
        ("Oliver Bennett", "Grace Whitfield", "Harry Ashworth", "Amelia Thornton", "George Pemberton"),
    ),
)

JOBS = ("Sales", "Finance", "Engineering", "Human resources", "Warehouse", "Management", "Marketing")
LAPTOPS = ("ThinkPad T14", "Latitude 7450", "EliteBook 845", "MacBook Air")
CARL = "Carl Jansen"


def settle(house: House, clock: Clock) -> list[Contact]:
    """Make all customers; Carl is the first."""
    firms = {
        firm.name: Organisation.objects.create(
            desk=house.desks[firm.desk], name=firm.name, location=firm.location, account_number=firm.account
        )
        for firm in FIRMS
    }
    people = [(firm, name, place) for firm in FIRMS for place, name in enumerate(firm.people)]
    contacts = Contact.objects.bulk_create(
        _contact(house, firms[firm.name], firm, name, place, clock) for firm, name, place in people
    )
    PhoneNumber.objects.bulk_create(
        PhoneNumber(contact=contact, e164=_number(firm, name, place), label="Desk")
        for contact, (firm, name, place) in zip(contacts, people, strict=True)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(contact=contact, address=f"{contact.user_id.lower()}@{firm.domain}")
        for contact, (firm, _name, _place) in zip(contacts, people, strict=True)
    )
    Asset.objects.bulk_create(_assets(contacts))
    return contacts


def _contact(
    house: House, organisation: Organisation, firm: Firm, name: str, place: int, clock: Clock
) -> Contact:
    return Contact(
        desk=house.desks[firm.desk],
        organisation=organisation,
        name=name,
        user_id=f"{firm.letter}-{1042 + 7 * place}",
        language=firm.language,
        location=firm.location,
        job=JOBS[(place + len(firm.name)) % len(JOBS)],
        created_at=clock.now() - timedelta(days=200 - place),
    )


def _number(firm: Firm, name: str, place: int) -> str:
    last = 99 if name == CARL else 10 + place
    return f"{firm.prefix}{last:02}"


def _assets(contacts: list[Contact]) -> list[Asset]:
    found = []
    for index, contact in enumerate(contacts):
        found.append(
            Asset(
                contact=contact,
                organisation=contact.organisation,
                tag=f"A-{2231 + 3 * index}",
                kind="Laptop",
                model=LAPTOPS[index % len(LAPTOPS)],
                serial=f"SN{58210000 + 137 * index}",
                location=contact.location,
            )
        )
        if index % 3 == 1:
            found.append(
                Asset(
                    contact=contact,
                    organisation=contact.organisation,
                    tag=f"L-{4100 + index}",
                    kind="Licence",
                    model="Drawing suite",
                    licence=f"DS-{7000 + 11 * index}",
                )
            )
    return found
