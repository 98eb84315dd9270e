"""Tickets are found by what their letters say, also after the index was made anew."""

import pytest

from helpline.core.access import Role
from helpline.mail.actions import file as file_mail
from helpline.mail.actions import receive
from helpline.mail.tests.factories import MailboxFactory, mail
from helpline.people.tests.factories import actor
from helpline.tickets import actions, queries
from helpline.tickets.tests.factories import PriorityFactory


@pytest.mark.django_db
def test_by_text_sender_and_names_of_files_before_and_after_a_rebuild():
    PriorityFactory()
    mailbox, ada = MailboxFactory(), actor("ada", Role.AGENT)
    raw = mail("Der Drucker raucht.", files=(("Netzwerkplan_2026.pdf", b"plan"),))
    received = receive(mailbox, raw, "1", queue=False)
    file_mail(received.inbound)
    received.inbound.refresh_from_db()
    for again in (False, True):
        if again:
            actions.rebuild_search()
        for query in ("drucker", "netzwerkplan", "plan_2026", "carl@acme.example", "jansem"):
            assert queries.search(ada, query, 5) == [received.inbound.ticket], query
