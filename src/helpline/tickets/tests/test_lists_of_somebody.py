"""All that Carl, or his firm, ever asked: the list behind "All tickets"."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.core.errors import Conflict, Invalid
from helpline.customers import organisation_actions
from helpline.customers.tests.factories import ContactFactory, OrganisationFactory
from helpline.people.access import actor_for
from helpline.people.tests.factories import DeskFactory, person
from helpline.tickets import queries
from helpline.tickets.filters import Filters
from helpline.tickets.search import rebuilding
from helpline.tickets.tests.factories import TicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return DeskFactory(key="acme", name="Acme")


@pytest.fixture
def user(desk):
    return person("ada", Role.AGENT, desk=desk)


@pytest.fixture
def page(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def carl(desk):
    firm = OrganisationFactory(desk=desk, name="Jansen Bakery")
    return ContactFactory(desk=desk, name="Carl Jansen", organisation=firm)


@pytest.fixture
def tickets(desk, carl):
    """Two of Carl, one of a colleague of his, one of a stranger."""
    firm = carl.organisation
    theirs = [
        TicketFactory(desk=desk, requester=carl, organisation=firm, subject=subject)
        for subject in ("Oven", "Mixer")
    ]
    eva = ContactFactory(desk=desk, organisation=firm)
    theirs.append(TicketFactory(desk=desk, requester=eva, organisation=firm, subject="Till"))
    TicketFactory(desk=desk, requester=ContactFactory(desk=desk), subject="Elsewhere")
    return theirs


def test_a_firm_that_somebody_asked_for_is_not_deleted(user, desk):
    firm = OrganisationFactory(desk=desk)
    TicketFactory(desk=desk, organisation=firm)
    with pytest.raises(Conflict, match="Tickets belong to this organisation"):
        organisation_actions.delete_organisation(actor_for(user), firm)


def subjects(user, **filters: str) -> list[str]:
    found = queries.listing(actor_for(user), Filters(status="any", **filters)).rows
    return sorted(one.subject for one in found)


def test_of_a_person_and_of_an_organisation(user, carl, tickets):
    assert subjects(user, contact=str(carl.pk)) == ["Mixer", "Oven"]
    assert subjects(user, organisation=str(carl.organisation_id)) == ["Mixer", "Oven", "Till"]
    assert subjects(user, contact=str(carl.pk), text="oven") == ["Oven"]
    with pytest.raises(Invalid):
        subjects(user, contact="carl")


def test_the_list_says_whose_it_is_and_offers_no_view_of_it(page, carl, tickets):
    shown = page.get(f"/tickets/?status=any&contact={carl.pk}").content.decode()
    assert f'<a href="/contacts/{carl.pk}/">Carl Jansen</a>' in shown
    assert "Remove Carl Jansen" in shown
    assert "/tickets/views/new/" not in shown.split('class="list-tools"')[1].split("</form>")[0]
    firm = carl.organisation_id
    assert "Jansen Bakery</a>" in page.get(f"/tickets/?status=any&organisation={firm}").content.decode()


def test_pages_lead_there(page, carl, tickets):
    there = f"/tickets/?status=any&amp;contact={carl.pk}"
    assert there in page.get(f"/contacts/{carl.pk}/").content.decode()
    firm = f"/tickets/?status=any&amp;organisation={carl.organisation_id}"
    assert firm in page.get(f"/organisations/{carl.organisation_id}/").content.decode()


def test_nobody_is_named_of_another_desk(page):
    stranger = ContactFactory(desk=DeskFactory(key="globex"), name="Hidden Name")
    answer = page.get(f"/tickets/?contact={stranger.pk}")
    assert answer.status_code == 404
    assert "Hidden Name" not in answer.content.decode()
    firm = OrganisationFactory(desk=stranger.desk)
    assert page.get(f"/tickets/?organisation={firm.pk}").status_code == 404


def test_a_new_name_of_the_firm_finds_its_tickets(user, carl, tickets):
    rebuilding.rebuild()
    organisation_actions.edit_organisation(actor_for(user), carl.organisation, name="Brotfabrik")
    assert rebuilding.refresh_organisation.func(carl.organisation_id) == 3
    assert subjects(user, text="brotfabrik") == ["Mixer", "Oven", "Till"]
