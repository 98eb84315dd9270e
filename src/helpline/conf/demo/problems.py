"""Problems people call the demo desks with: what they say, what is tried, what solves it."""

from dataclasses import dataclass

from helpline.conf.demo.cast import House
from helpline.core.access import SYSTEM
from helpline.core.clock import Clock
from helpline.people.models import Team
from helpline.tickets import actions
from helpline.tickets.models import Category, Priority


@dataclass(frozen=True, slots=True)
class Problem:
    """`key`: what the caller pressed in the menu. `second_line`: the team that takes what level 1 cannot solve."""

    desk: str
    path: str
    key: str
    subject: str
    said: str
    tried: str
    solution: str
    second_line: str
    priority: str = "regular"


#: desk -> path -> team for the second line
CATEGORIES = {
    "acme": {
        "Network": "Network",
        "Network > VPN": "Network",
        "Network > Wi-Fi": "Network",
        "Hardware": "Service Desk",
        "Hardware > Laptop": "Service Desk",
        "Hardware > Printer": "Service Desk",
        "Accounts": "Service Desk",
        "Accounts > Password": "Service Desk",
        "Accounts > Access": "Applications",
        "Applications": "Applications",
        "Applications > Mail": "Applications",
        "Applications > Time sheets": "Applications",
        "New colleague": "Service Desk",
    },
    "globex": {
        "Order portal": "Applications",
        "Order portal > Orders": "Applications",
        "Order portal > Sign-in": "Service Desk",
        "Invoices": "Applications",
        "Deliveries": "Service Desk",
    },
}

VPN_DROPS = Problem(
    "acme",
    "Network > VPN",
    "1",
    "VPN drops every hour",
    "The connection breaks off about once an hour and asks for the password again. It began on Monday.",
    "Other network tried, same thing. Gateway Utrecht in the log of the client. Two colleagues have it too.",
    "Profile switched to the Berlin gateway; stayed connected for two hours while we watched.",
    "Network",
    "critical",
)
BATTERY = Problem(
    "acme",
    "Hardware > Laptop",
    "2",
    "Battery of the laptop empties within an hour",
    "Full in the morning, empty before the first meeting ends.",
    "Battery report: 38 % of the capacity left, 900 cycles.",
    "Battery replaced at the service point.",
    "Service Desk",
)

PROBLEMS = (
    VPN_DROPS,
    BATTERY,
    Problem(
        "acme",
        "Network > VPN",
        "1",
        "VPN does not connect from home",
        "Since the update last night it stops at 80 % and says “no answer from server”.",
        "Router restarted, other browser. Error 809 in the log.",
        "Client updated to the current version, old profile removed.",
        "Network",
        "critical",
    ),
    Problem(
        "acme",
        "Network > Wi-Fi",
        "1",
        "No Wi-Fi in the meeting room on the third floor",
        "Nobody in the room gets a connection; in the corridor it works.",
        "Access point does not answer a ping.",
        "Access point restarted through its switch port.",
        "Network",
    ),
    Problem(
        "acme",
        "Hardware > Printer",
        "2",
        "Printer prints blank pages",
        "It pulls the paper, and it comes out white.",
        "Test page is blank as well. Toner was changed yesterday.",
        "The tape was still on the toner. Taken off, prints.",
        "Service Desk",
    ),
    Problem(
        "acme",
        "Hardware > Laptop",
        "2",
        "External screen stays black",
        "With the dock it stays dark, without it works.",
        "Other cable, other port, firmware of the dock is two years old.",
        "Firmware of the dock updated.",
        "Service Desk",
    ),
    Problem(
        "acme",
        "Accounts > Password",
        "3",
        "Password expired during the holidays",
        "Came back from three weeks off and nothing takes the password any more.",
        "Account is not locked, password expired on the 3rd.",
        "Identity checked by calling back; new password set in the self-service portal together.",
        "Service Desk",
    ),
    Problem(
        "acme",
        "Accounts > Password",
        "3",
        "Account locked after three tries",
        "The keyboard was on another language, it noticed too late.",
        "Locked since 8:12, no strange sign-ins.",
        "Identity checked, unlocked, keyboard language pinned to the task bar.",
        "Service Desk",
    ),
    Problem(
        "acme",
        "Accounts > Access",
        "3",
        "Cannot open the shared folder of the project",
        "Colleagues can, I get “access denied” since the move to another team.",
        "Group of the project is missing in the account.",
        "Manager agreed in writing; added to the group.",
        "Applications",
    ),
    Problem(
        "acme",
        "Applications > Mail",
        "0",
        "Calendar invitations arrive twice",
        "Every invitation is there two times, deleting one deletes both.",
        "A rule forwards to the own address.",
        "Rule removed, doubles cleaned up.",
        "Applications",
    ),
    Problem(
        "acme",
        "Applications > Time sheets",
        "0",
        "Time sheet cannot be handed in",
        "The button is grey although all days are filled in.",
        "Month is closed for this cost centre.",
        "Finance opened the month again, handed in.",
        "Applications",
    ),
    Problem(
        "acme",
        "New colleague",
        "0",
        "Laptop and accounts for a new colleague",
        "Somebody starts on the first; needs a laptop, badge and the drawing program.",
        "Form of human resources is there, licence is free.",
        "Laptop set up, accounts made, handed over on the first day.",
        "Service Desk",
        "scheduled",
    ),
    Problem(
        "globex",
        "Order portal > Orders",
        "1",
        "Order hangs in “being checked”",
        "Three days and it does not move; the customer is waiting.",
        "The credit check never answered for this order.",
        "Check started again, order went through within minutes.",
        "Applications",
        "critical",
    ),
    Problem(
        "globex",
        "Order portal > Sign-in",
        "1",
        "Code for signing in never arrives",
        "The text message with the code does not come.",
        "Number on file lacks the country code.",
        "Number corrected after calling back, code arrived.",
        "Service Desk",
    ),
    Problem(
        "globex",
        "Invoices",
        "0",
        "Invoice shows the old address",
        "We moved in spring and the tax office does not accept it.",
        "Address changed in the portal, not in accounting.",
        "Accounting corrected it, new invoice sent.",
        "Applications",
    ),
    Problem(
        "globex",
        "Deliveries",
        "0",
        "Delivery came without the power supplies",
        "Ten devices, no power supply in any of the boxes.",
        "Packing list says ten, warehouse photo shows none.",
        "Sent by express, arrived the next morning.",
        "Service Desk",
    ),
    Problem(
        "globex",
        "Order portal > Orders",
        "1",
        "Discount is missing in the basket",
        "Our contract says eight percent, the basket says zero.",
        "Contract is linked to the old customer number.",
        "Contract linked to the new number, discount shows.",
        "Applications",
    ),
)


def sort_words(house: House, clock: Clock) -> tuple[dict[str, Priority], dict[tuple[str, str], Category]]:
    """Make priorities and the tree of categories; categories by (desk key, path)."""
    priorities = actions.give_priorities(clock)
    found: dict[tuple[str, str], Category] = {}
    for desk, paths in CATEGORIES.items():
        for path, team in paths.items():
            above, _sign, name = path.rpartition(" > ")
            found[desk, path] = actions.create_category(
                SYSTEM,
                house.desks[desk],
                name,
                parent=found.get((desk, above)),
                team=_second_line(house, desk, team),
                clock=clock,
            )
    return priorities, found


def _second_line(house: House, desk: str, name: str) -> Team:
    return house.teams[desk, name]
