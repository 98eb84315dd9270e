"""What the demo desks know how to solve."""

from dataclasses import dataclass
from datetime import timedelta

from helpline.conf.demo.cast import House
from helpline.core.clock import Clock
from helpline.knowledge.models import Article


@dataclass(frozen=True, slots=True)
class Text:
    """An article; `steps` one a line."""

    desk: str
    path: str
    title: str
    summary: str
    steps: str
    keywords: str
    used: int


TEXTS = (
    Text(
        "acme",
        "Network > VPN",
        "VPN drops or does not connect",
        "Error 809, “no answer from server”, or a break about once an hour.",
        "Ask which gateway is chosen: it stands at the top of the VPN program.\n"
        "Choose another gateway from the list and connect again.\n"
        "Still nothing: bring the program to the current version in the software centre.\n"
        "Remove the old profile and connect with the new one.\n"
        "Still nothing: save the log (Help, Save log) and hand the ticket to Network.",
        "vpn gateway profile 809 utrecht berlin",
        41,
    ),
    Text(
        "acme",
        "Network > Wi-Fi",
        "No Wi-Fi in one room",
        "Works in the corridor, not in the room.",
        "Ask for the number on the access point at the ceiling.\n"
        "Look it up in the map of access points: is it grey?\n"
        "Restart its switch port.\n"
        "Grey after five minutes: hand to Network with room and number.",
        "wlan wifi access point wireless",
        12,
    ),
    Text(
        "acme",
        "Accounts > Password",
        "Password expired or account locked",
        "Nothing takes the password; locked after three tries.",
        "Prove who is calling before anything else.\n"
        "Look at the account: expired, or locked?\n"
        "Locked: look for sign-ins from strange places first, then unlock.\n"
        "Expired: go to the self-service portal together; the caller types the new password.\n"
        "Never say or type a password for a caller.",
        "password locked expired unlock reset sign-in",
        58,
    ),
    Text(
        "acme",
        "Accounts > Access",
        "Access denied to a shared folder",
        "After a move to another team, or in a new project.",
        "Ask for the whole path of the folder.\n"
        "Find the group that owns it and its manager.\n"
        "Ask the manager for a written yes on the ticket.\n"
        "Add the caller to the group; it takes a new sign-in.",
        "folder share access denied permission group",
        17,
    ),
    Text(
        "acme",
        "Hardware > Printer",
        "Printer prints blank pages or streaks",
        "Often after the toner was changed.",
        "Ask whether the toner was changed lately.\n"
        "Have the toner taken out: is the tape off?\n"
        "Print the test page from the printer's own menu.\n"
        "Blank as well: order a new drum.",
        "printer toner blank streaks drum",
        9,
    ),
    Text(
        "acme",
        "Hardware > Laptop",
        "External screen stays black with the dock",
        "Works without the dock.",
        "Have the dock unplugged from power for ten seconds.\n"
        "Try the other screen port of the dock.\n"
        "Update the firmware of the dock in the software centre; it takes ten minutes, the screen flickers.\n"
        "Still black: swap the dock.",
        "dock screen monitor black display",
        14,
    ),
    Text(
        "acme",
        "Hardware > Laptop",
        "Battery empties quickly",
        "Less than two hours from full.",
        "Open the battery report in the health program.\n"
        "Above 60 % capacity: look for a program that keeps the processor busy.\n"
        "Below 60 %: book a battery at the service point, it takes half an hour.",
        "battery laptop power capacity",
        11,
    ),
    Text(
        "globex",
        "Order portal > Orders",
        "Order hangs in “being checked”",
        "The credit check did not answer.",
        "Open the order, tab Checks.\n"
        "No answer since more than an hour: press Start again.\n"
        "Red: hand to Applications with the order number, tell the customer the truth about the time.",
        "order checked credit hangs stuck",
        22,
    ),
    Text(
        "globex",
        "Order portal > Sign-in",
        "Code for signing in does not arrive",
        "The text message never comes.",
        "Prove who is calling.\n"
        "Compare the number on file: does it have the country code?\n"
        "Correct it only after calling back at the number in the contract.\n"
        "Have the code sent again.",
        "code sms text sign-in login",
        19,
    ),
    Text(
        "globex",
        "Invoices",
        "Invoice has a wrong address",
        "Portal and accounting keep the address separately.",
        "Correct the address in the portal together with the caller.\n"
        "Send the change to accounting with the number of the invoice.\n"
        "A new invoice comes by mail within two working days.",
        "invoice address accounting tax",
        8,
    ),
)


def write(house: House, clock: Clock) -> None:
    """Make the articles."""
    now = clock.now()
    Article.objects.bulk_create(
        Article(
            desk=house.desks[text.desk],
            title=text.title,
            summary=text.summary,
            body=text.steps,
            category_path=text.path,
            keywords=text.keywords,
            updated_at=now - timedelta(days=5 + index),
            updated_by=house.users["sven" if index % 2 else "lena"],
            used_count=text.used,
        )
        for index, text in enumerate(TEXTS)
    )
