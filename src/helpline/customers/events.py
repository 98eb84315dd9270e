"""What the customers room tells the others, as kinds of outbox events. Data: {contact_id}."""

from typing import Final

CONTACT_CREATED: Final = "contact_created"
CONTACT_CHANGED: Final = "contact_changed"
#: adds {other, undone}: the id of the contact merged with
CONTACT_MERGED: Final = "contact_merged"


def contact_topics(contact_id: int) -> tuple[str, ...]:
    """Live topics of a contact's page."""
    return (f"contact:{contact_id}",)


#: hook announced to rooms above: contact_made_for(actor, contact, purpose, clock), in the transaction that
#: made the contact. `purpose` is what the form was opened for, for example "ticket:1042" or "call:<id>"
HOOK_CONTACT_MADE_FOR: Final = "contact_made_for"

#: hook announced to rooms above: organisation_renamed(organisation), in the transaction that gave it another name
HOOK_ORGANISATION_RENAMED: Final = "organisation_renamed"
#: an organisation is about to be deleted: `organisation`; whoever has something of it raises Conflict
HOOK_ORGANISATION_LEAVES: Final = "organisation_leaves"

#: hook announced to rooms above: contact_changed(contact), in the transaction that changed name, numbers or addresses
HOOK_CONTACT_CHANGED: Final = "contact_changed"
