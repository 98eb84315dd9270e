"""Pages of contacts, as they are used."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.core.models import AuditRow
from helpline.customers import queries
from helpline.customers.models import Contact
from helpline.customers.tests.factories import AssetFactory, ContactFactory, OrganisationFactory, carl
from helpline.people.tests.factories import DeskFactory, person

pytestmark = pytest.mark.django_db
MAIN = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "main"}


@pytest.fixture
def ada():
    client = Client()
    client.force_login(person("ada", Role.AGENT))
    return client


def test_the_list_finds_carl(ada):
    carl()
    ContactFactory(name="Maria Bakker")
    page = ada.get("/contacts/?text=jansen").content.decode()
    assert "Carl Jansen" in page
    assert "Maria" not in page


def test_an_empty_list_says_what_to_do(ada):
    assert "No contacts yet" in ada.get("/contacts/").content.decode()
    assert "Nobody fits" in ada.get("/contacts/?text=zzz").content.decode()


def test_pages_follow_each_other_without_gap_or_double():
    for number in range(7):
        ContactFactory(name=f"Same {number % 2}")
    seen, after = [], ""
    while True:
        rows, after = queries.page(Contact.objects.order_by("name", "id"), after, 3)
        seen += rows
        if not after:
            break
    assert seen == list(Contact.objects.order_by("name", "id"))


def test_a_list_costs_the_same_for_few_and_many(ada, django_assert_max_num_queries):
    organisation = OrganisationFactory(name="Acme")
    for _number in range(30):
        AssetFactory(contact=carl(organisation=organisation, user_id=""))
    with django_assert_max_num_queries(12):
        ada.get("/contacts/", **MAIN)


def test_carls_page_shows_what_is_known(ada):
    who = carl(organisation=OrganisationFactory(name="Acme"))
    AssetFactory(contact=who, tag="A-2231")
    page = ada.get(f"/contacts/{who.pk}/").content.decode()
    for known in ("Carl Jansen", "Acme", "+31 30 555 0199", "A-2231", "C-1042", "No ticket yet"):
        assert known in page


def test_a_contact_is_made_edited_and_given_a_number(ada):
    made = ada.post(
        "/contacts/new/", {"desk": DeskFactory().pk, "name": "Carl Jansen", "number": "0305550199"}
    )
    who = Contact.objects.get(name="Carl Jansen")
    assert made["Location"] == f"/contacts/{who.pk}/"
    ada.post(f"/contacts/{who.pk}/edit/", {"name": "Carl Jansen", "user_id": "C-1042"})
    ada.post(f"/contacts/{who.pk}/numbers/", {"number": "020 123 4567"})
    ada.post(f"/contacts/{who.pk}/assets/", {"tag": "A-2231", "kind": "Laptop"})
    who.refresh_from_db()
    assert who.user_id == "C-1042"
    assert set(who.numbers.values_list("e164", flat=True)) == {"+31305550199", "+31201234567"}
    assert who.assets.get().tag == "A-2231"


def test_an_address_is_given_and_taken_away(ada):
    who = carl()
    ada.post(f"/contacts/{who.pk}/addresses/", {"address": "Carl@Acme.example"})
    assert "carl@acme.example" in ada.get(f"/contacts/{who.pk}/").content.decode()
    ada.post(f"/contacts/{who.pk}/addresses/", {"remove": "carl@acme.example"})
    assert not who.addresses.exists()
    assert ada.post(f"/contacts/{who.pk}/addresses/", {"address": "nobody"}).status_code == 422


def test_an_asset_is_noted_described_anew_and_taken_away(ada):
    who = carl(location="Utrecht")
    laptop = {"tag": "A-2231", "kind": "Laptop", "model": "X1", "serial": "5CG1", "licence": "OEM"}
    ada.post(f"/contacts/{who.pk}/assets/", laptop)
    page = ada.get(f"/contacts/{who.pk}/").content.decode()
    for known in ("A-2231", "X1", "Serial number 5CG1", "Licence OEM", "Utrecht"):
        assert known in page
    asset = who.assets.get()
    ada.post(f"/contacts/{who.pk}/assets/", laptop | {"asset": asset.pk, "model": "X2", "location": "Lab"})
    asset.refresh_from_db()
    assert (asset.model, asset.location, asset.serial) == ("X2", "Lab", "5CG1")
    row = AuditRow.objects.filter(verb="edit", subject_kind="contact").latest("id")
    assert row.changes == {
        "asset A-2231 model": ["X1", "X2"],
        "asset A-2231 location": ["Utrecht", "Lab"],
    }
    assert (
        ada.post(f"/contacts/{who.pk}/assets/", laptop | {"asset": asset.pk, "tag": " "}).status_code == 422
    )
    ada.post(f"/contacts/{who.pk}/assets/", {"remove": asset.pk})
    assert not who.assets.exists()


def test_nobody_takes_what_another_contact_has(ada):
    who, asset = carl(), AssetFactory(contact=ContactFactory(desk=DeskFactory()))
    assert ada.post(f"/contacts/{who.pk}/assets/", {"remove": asset.pk}).status_code == 404
    facts = {"asset": asset.pk, "tag": "A-1", "kind": "Laptop"}
    assert ada.post(f"/contacts/{who.pk}/assets/", facts).status_code == 404
    asset.refresh_from_db()
    assert asset.tag != "A-1"


def test_a_refusal_keeps_what_was_typed(ada):
    carl()
    answer = ada.post("/contacts/new/", {"desk": DeskFactory().pk, "name": "Carl Two", "user_id": "C-1042"})
    assert answer.status_code == 409
    assert "Another contact" in answer.content.decode()
    assert 'value="Carl Two"' in answer.content.decode()
    assert Contact.objects.count() == 1


def test_nobody_is_sent_to_a_foreign_site(ada):
    facts = {"desk": DeskFactory().pk, "name": "Carl", "next": "https://evil.example/"}
    assert ada.post("/contacts/new/", facts)["Location"].startswith("/contacts/")
