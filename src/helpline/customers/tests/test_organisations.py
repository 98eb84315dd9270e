"""The organisations Ada's callers come from: made, found, renamed, and what is known of their people."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.core.models import AuditRow
from helpline.customers import organisation_actions as actions
from helpline.customers import queries
from helpline.customers.models import Organisation
from helpline.customers.tests.factories import AssetFactory, ContactFactory, OrganisationFactory
from helpline.people.access import actor_for
from helpline.people.tests.factories import DeskFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return DeskFactory(key="acme", name="Acme")


@pytest.fixture
def user(desk):
    return person("ada", Role.AGENT, desk=desk)


@pytest.fixture
def ada(user):
    return actor_for(user)


@pytest.fixture
def page(user):
    client = Client()
    client.force_login(user)
    return client


def test_ada_makes_one_on_the_page_and_gives_it_a_contact(page, desk):
    given = {"desk": desk.pk, "name": " Jansen Bakery ", "location": "Utrecht", "account_number": "J-1"}
    answer = page.post("/organisations/new/", given, follow=True)
    firm = Organisation.objects.get()
    assert (firm.name, firm.location, firm.account_number) == ("Jansen Bakery", "Utrecht", "J-1")
    assert "Nobody belongs to it yet" in answer.content.decode()
    carl = ContactFactory(desk=desk, name="Carl")
    page.post(f"/contacts/{carl.pk}/edit/", {"name": "Carl", "organisation": firm.pk})
    AssetFactory(contact=carl, organisation=firm, tag="A-77", kind="Oven")
    shown = page.get(f"/organisations/{firm.pk}/").content.decode()
    assert f'href="/contacts/{carl.pk}/"' in shown
    assert "A-77" in shown
    assert f'href="/organisations/{firm.pk}/"' in page.get(f"/contacts/{carl.pk}/").content.decode()


def test_the_list_finds_by_every_word_and_counts_the_living(page, ada, desk):
    firm = OrganisationFactory(desk=desk, name="Jansen Bakery", location="Utrecht")
    OrganisationFactory(desk=desk, name="Bakery East")
    OrganisationFactory(desk=DeskFactory(key="globex"), name="Bakery of another desk")
    ContactFactory.create_batch(2, desk=desk, organisation=firm)
    ContactFactory(desk=desk, organisation=firm, merged_into=ContactFactory(desk=desk))
    found = queries.organisations_matching(ada, "bakery")
    assert [(one.name, one.people) for one in found] == [("Bakery East", 0), ("Jansen Bakery", 2)]
    assert [one.name for one in queries.organisations_matching(ada, "utrecht bak")] == ["Jansen Bakery"]
    assert "No organisation fits" in page.get("/organisations/?text=zzz").content.decode()


def test_pages_follow_each_other_by_name(page, desk):
    for number in range(51):
        OrganisationFactory(desk=desk, name=f"Firm {number:02}")
    first = page.get("/organisations/")
    assert "Firm 49" in first.content.decode()
    assert "Firm 50" not in first.content.decode()
    assert "Firm 50" in page.get("/organisations/", {"after": first.context["after"]}).content.decode()


def test_no_two_of_one_name_at_a_desk(page, ada, desk):
    firm = OrganisationFactory(desk=desk, name="Jansen Bakery")
    other = OrganisationFactory(desk=desk, name="Other")
    with pytest.raises(Conflict):
        actions.create_organisation(ada, desk, "jansen bakery")
    with pytest.raises(Conflict):
        actions.edit_organisation(ada, other, name="JANSEN BAKERY")
    with pytest.raises(Invalid):
        actions.edit_organisation(ada, other, name="  ")
    with pytest.raises(Invalid):
        actions.edit_organisation(ada, other, desk="2")
    assert actions.edit_organisation(ada, firm, name="Jansen BAKERY").name == "Jansen BAKERY"
    answer = page.post("/organisations/new/", {"desk": desk.pk, "name": "Other"})
    assert answer.status_code == 409
    assert "has an organisation of this name already" in answer.content.decode()
    assert page.post(f"/organisations/{firm.pk}/edit/", {"name": ""}).status_code == 422
    assert actions.create_organisation(ada, desk, "Jansen").pk


def test_what_a_contact_gives_back_stays_with_the_firm(page, desk):
    firm = OrganisationFactory(desk=desk, name="Jansen Bakery")
    carl, dora = (ContactFactory(desk=desk, organisation=firm) for _one in range(2))
    oven = AssetFactory(contact=carl, organisation=firm, tag="A-77", kind="Oven")
    answer = page.post(f"/contacts/{carl.pk}/assets/", {"remove": oven.pk}, follow=True)
    assert "A-77 stays with Jansen Bakery." in answer.content.decode()
    assert "Nobody uses it" in page.get(f"/organisations/{firm.pk}/").content.decode()
    page.post(f"/contacts/{dora.pk}/assets/", {"tag": "a-77", "kind": "Oven"})
    oven.refresh_from_db()
    assert oven.contact == dora
    assert firm.assets.count() == 1


def test_a_firm_loses_only_what_nobody_uses(page, desk):
    firm = OrganisationFactory(desk=desk)
    oven = AssetFactory(contact=None, organisation=firm)
    used = AssetFactory(contact=ContactFactory(desk=desk, organisation=firm), organisation=firm)
    assert page.post(f"/organisations/{firm.pk}/assets/", {"remove": used.pk}).status_code == 422
    assert page.post(f"/organisations/{firm.pk}/assets/", {"remove": oven.pk}).status_code == 302
    assert list(firm.assets.all()) == [used]


def test_only_a_firm_without_anything_is_deleted(page, desk):
    firm = OrganisationFactory(desk=desk, name="Typo Ltd")
    carl = ContactFactory(desk=desk, organisation=firm)
    answer = page.post(f"/organisations/{firm.pk}/delete/", follow=True)
    assert "Contacts or assets belong to this organisation." in answer.content.decode()
    page.post(f"/contacts/{carl.pk}/edit/", {"name": "Carl", "organisation": ""})
    answer = page.post(f"/organisations/{firm.pk}/delete/", follow=True)
    assert "Typo Ltd is deleted." in answer.content.decode()
    assert not Organisation.objects.exists()
    assert AuditRow.objects.get(verb="delete", subject_kind="organisation").changes == {"name": "Typo Ltd"}


def test_nobody_writes_at_another_desk(ada):
    globex = DeskFactory(key="globex")
    with pytest.raises(NotAllowed):
        actions.create_organisation(ada, globex, "Theirs")
    with pytest.raises(NotAllowed):
        actions.edit_organisation(ada, OrganisationFactory(desk=globex), name="Ours")
