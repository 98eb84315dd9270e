"""Two contacts that are one person: made one, taken apart, suggested."""

import pytest
from django.test import Client

from helpline.core import registry
from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.core.models import AuditRow, OutboxEvent
from helpline.customers import actions, doubles, merge_actions, personal, queries
from helpline.customers.models import Contact, EmailAddress, Merge, PhoneNumber
from helpline.customers.tests.factories import AssetFactory, ContactFactory, OrganisationFactory, carl
from helpline.people.tests.factories import NOW, DeskFactory, actor, person
from helpline.telephony.models import Call
from helpline.tickets.tests.factories import TicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return actor("ada", Role.AGENT)


@pytest.fixture
def whole():
    """Carl as the desk knows him."""
    found = carl(job="")
    EmailAddress.objects.create(contact=found, address="carl@acme.example")
    return found


@pytest.fixture
def stray(whole):
    """Carl once more: he wrote from home and was not recognised."""
    found = ContactFactory(desk=whole.desk, name="C. Jansen", user_id="", job="Fitter", number="+31612345678")
    EmailAddress.objects.create(contact=found, address="cj@home.example")
    return found


def owner(row) -> Contact:
    row.refresh_from_db()
    return getattr(row, "requester", None) or row.contact


def test_all_that_was_the_strays_is_carls(ada, whole, stray):
    ticket = TicketFactory(desk=whole.desk, requester=stray)
    asset = AssetFactory(contact=stray)
    call = Call.objects.create(desk=whole.desk, contact=stray, started_at=NOW)
    merge_actions.merge(ada, whole, stray)
    assert [owner(row) for row in (ticket, asset, call)] == [whole] * 3
    card = queries.contact_card(whole)
    assert card.addresses == ("carl@acme.example", "cj@home.example")
    assert {e164 for _label, _shown, e164 in card.numbers} == {"+31305550199", "+31612345678"}
    assert Contact.objects.get(pk=whole.pk).job == "Fitter"
    assert list(queries.search_contacts(ada, "jansen")) == [whole]


def test_who_calls_or_writes_as_the_stray_is_carl(ada, whole, stray):
    stray.user_id = "OLD-7"
    stray.save()
    merge_actions.merge(ada, whole, stray)
    assert actions.contact_of_address(SYSTEM, whole.desk, "cj@home.example") == whole
    assert queries.find_contact(whole.desk, number="+31612345678").contact == whole
    assert queries.find_contact(whole.desk, user_id="old-7").contact == whole


def test_taken_back_each_has_what_was_theirs_and_news_stay(ada, whole, stray):
    carls, strays = (TicketFactory(desk=whole.desk, requester=one) for one in (whole, stray))
    merged = merge_actions.merge(ada, whole, stray)
    news = TicketFactory(desk=whole.desk, requester=whole)
    number = actions.add_number(ada, whole, "+31 20 555 0100")
    merge_actions.undo(ada, merged)
    assert [owner(row) for row in (carls, strays, news, number)] == [whole, stray, whole, whole]
    stray.refresh_from_db()
    assert stray.merged_into is None
    assert [row.e164 for row in stray.numbers.all()] == ["+31612345678"]
    assert [row.address for row in stray.addresses.all()] == ["cj@home.example"]
    assert Contact.objects.get(pk=whole.pk).job == ""


def test_what_both_have_is_there_once_and_again_with_each(ada, whole, stray):
    PhoneNumber.objects.create(contact=stray, e164="+31305550199")
    merged = merge_actions.merge(ada, whole, stray)
    assert [row.e164 for row in whole.numbers.order_by("e164")] == ["+31305550199", "+31612345678"]
    merge_actions.undo(ada, merged)
    assert [row.e164 for row in whole.numbers.all()] == ["+31305550199"]
    assert [row.e164 for row in stray.numbers.order_by("e164")] == ["+31305550199", "+31612345678"]


def test_a_ticket_given_to_another_since_stays_there(ada, whole, stray):
    ticket = TicketFactory(desk=whole.desk, requester=stray)
    merged = merge_actions.merge(ada, whole, stray)
    maria = ContactFactory(desk=whole.desk)
    ticket.requester = maria
    ticket.save()
    merge_actions.undo(ada, merged)
    assert owner(ticket) == maria


def test_what_was_filled_in_and_changed_since_stays(ada, whole, stray):
    merged = merge_actions.merge(ada, whole, stray)
    actions.edit_contact(ada, whole, job="Foreman")
    merge_actions.undo(ada, merged)
    assert Contact.objects.get(pk=whole.pk).job == "Foreman"


def test_a_user_id_taken_over_goes_back(ada, whole, stray):
    Contact.objects.filter(pk=whole.pk).update(user_id="")
    Contact.objects.filter(pk=stray.pk).update(user_id="C-9")
    merged = merge_actions.merge(ada, whole, stray)
    assert Contact.objects.get(pk=whole.pk).user_id == "C-9"
    merge_actions.undo(ada, merged)
    assert [Contact.objects.get(pk=one.pk).user_id for one in (whole, stray)] == ["", "C-9"]


def test_a_user_id_given_to_another_since_is_refused_and_nothing_moves(ada, whole, stray):
    Contact.objects.filter(pk=stray.pk).update(user_id="C-9")
    merged = merge_actions.merge(ada, whole, stray)
    ContactFactory(desk=whole.desk, user_id="c-9")
    with pytest.raises(Conflict, match="user id"):
        merge_actions.undo(ada, merged)
    assert Contact.objects.get(pk=stray.pk).merged_into == whole
    assert Merge.objects.get().undone_at is None


def test_a_chain_is_taken_back_from_its_end(ada, whole, stray):
    first = ContactFactory(desk=whole.desk)
    inner = merge_actions.merge(ada, stray, first)
    outer = merge_actions.merge(ada, whole, stray)
    with pytest.raises(Conflict, match="later merge"):
        merge_actions.undo(ada, inner)
    merge_actions.undo(ada, outer)
    merge_actions.undo(ada, inner)
    assert not Contact.objects.exclude(merged_into=None).exists()
    with pytest.raises(Conflict, match="taken back before"):
        merge_actions.undo(ada, inner)


def test_what_cannot_be_merged(ada, whole, stray):
    with pytest.raises(Invalid, match="same contact"):
        merge_actions.merge(ada, whole, whole)
    elsewhere = ContactFactory(desk=DeskFactory(key="globex"))
    with pytest.raises(NotAllowed):
        merge_actions.merge(ada, whole, elsewhere)
    with pytest.raises(Invalid, match="another desk"):
        merge_actions.merge(SYSTEM, whole, elsewhere)
    merge_actions.merge(ada, whole, stray)
    with pytest.raises(Conflict, match="merged"):
        merge_actions.merge(ada, ContactFactory(desk=whole.desk), stray)
    with pytest.raises(Conflict, match="merged"):
        actions.add_number(ada, Contact.objects.get(pk=stray.pk), "+31 20 555 0100")


def test_it_is_written_down_by_id_and_told(ada, whole, stray):
    merge_actions.merge(ada, whole, stray)
    rows = AuditRow.objects.filter(verb="merge").order_by("pk")
    assert [(row.subject_id, row.changes) for row in rows] == [
        (str(whole.pk), {"merged": ["", str(stray.pk)]}),
        (str(stray.pk), {"merged_into": ["", str(whole.pk)]}),
    ]
    event = OutboxEvent.objects.get(kind="contact_merged")
    assert event.topics == [f"contact:{whole.pk}", f"contact:{stray.pk}"]


def test_every_row_that_names_a_contact_goes_along():
    """A room with a new relation to contacts must say what a merge does with it."""
    tied = {(tie.model, tie.field) for tie in registry.ties}
    own = {(Contact, "merged_into"), (Merge, "source"), (Merge, "target")}
    named = {
        (one.related_model, one.field.name)
        for one in Contact._meta.get_fields(include_hidden=True)
        if one.auto_created and one.is_relation
    }
    assert named - own == tied


def test_who_is_erased_is_erased_with_all_parts(whole, stray):
    admin = actor("dora", Role.DESK_ADMIN)
    merge_actions.merge(admin, whole, stray)
    personal.erase(admin, whole, "Carl Jansen")
    stray.refresh_from_db()
    assert stray.erased_at is not None
    assert "Jansen" not in stray.name
    assert not Merge.objects.exists()
    assert not PhoneNumber.objects.exists()


def test_what_is_given_out_holds_the_parts(whole, stray):
    admin = actor("dora", Role.DESK_ADMIN)
    merge_actions.merge(admin, whole, stray)
    asked = personal.Asked(personal.person_of(whole), admin, SetClock())
    assert [one["contact"]["name"] for one in personal.give(asked).facts["merged"]] == ["C. Jansen"]


class TestDoubles:
    def why(self, contact) -> dict[str, str]:
        found = doubles.possible(queries.contact_card(contact))
        return {double.contact.name: str(double.why) for double in found}

    def test_an_address_or_number_of_both(self, whole):
        one = ContactFactory(desk=whole.desk, name="Cj")
        EmailAddress.objects.create(contact=one, address="carl@acme.example")
        ContactFactory(desk=whole.desk, name="Unknown caller", number="+31305550199")
        assert self.why(whole) == {"Cj": "same mail address", "Unknown caller": "same number"}

    def test_a_line_of_the_whole_firm_says_nothing(self, whole):
        for number in range(4):
            ContactFactory(desk=whole.desk, name=f"Colleague {number}", number="+31305550199")
        assert self.why(whole) == {}

    def test_nearly_the_same_name_in_one_firm(self, whole):
        acme = OrganisationFactory(desk=whole.desk)
        Contact.objects.filter(pk=whole.pk).update(organisation=acme)
        whole.refresh_from_db()
        ContactFactory(desk=whole.desk, name="Jansen, Carl", organisation=acme)
        ContactFactory(desk=whole.desk, name="Karl Jansen", organisation=acme)
        ContactFactory(desk=whole.desk, name="Maria Bakker", organisation=acme)
        ContactFactory(desk=whole.desk, name="Carl Jansen", organisation=OrganisationFactory(desk=whole.desk))
        assert self.why(whole) == {"Jansen, Carl": "same name", "Karl Jansen": "nearly the same name"}

    def test_nobody_of_another_desk_and_no_part(self, ada, whole, stray):
        ContactFactory(desk=DeskFactory(key="globex"), name="Carl Jansen", number="+31305550199")
        PhoneNumber.objects.create(contact=stray, e164="+31305550199")
        assert self.why(whole) == {"C. Jansen": "same number"}
        merge_actions.merge(ada, whole, stray)
        assert self.why(whole) == {}


class TestPages:
    @pytest.fixture
    def browser(self):
        client = Client()
        client.force_login(person("ada", Role.AGENT))
        return client

    def test_from_the_contact_to_the_merge_and_back(self, browser, whole, stray):
        TicketFactory(desk=whole.desk, requester=stray)
        assert f"/contacts/{whole.pk}/same/" in browser.get(f"/contacts/{whole.pk}/").content.decode()
        found = browser.get(f"/contacts/{whole.pk}/same/?text=jansen").content.decode()
        assert f"/contacts/{whole.pk}/same/{stray.pk}/" in found
        asked = browser.get(f"/contacts/{whole.pk}/same/{stray.pk}/").content.decode()
        for line in ("1 ticket", "1 number", "1 mail address"):
            assert f"<li>{line}</li>" in asked
        assert Merge.objects.count() == 0
        merged = browser.post(f"/contacts/{whole.pk}/same/{stray.pk}/", follow=True).content.decode()
        undo = f"/contacts/{whole.pk}/merges/{Merge.objects.get().pk}/undo/"
        assert undo in merged
        assert browser.get(f"/contacts/{stray.pk}/")["Location"] == f"/contacts/{whole.pk}/"
        assert browser.post(undo).status_code == 302
        assert browser.get(f"/contacts/{stray.pk}/").status_code == 200
        assert undo not in browser.get(f"/contacts/{whole.pk}/").content.decode()

    def test_a_contact_of_another_desk_is_not_there(self, browser, whole):
        elsewhere = ContactFactory(desk=DeskFactory(key="globex"))
        assert browser.get(f"/contacts/{whole.pk}/same/{elsewhere.pk}/").status_code == 404

    def test_a_possible_double_stands_on_the_page(self, browser, whole):
        ContactFactory(desk=whole.desk, name="Unknown caller", number="+31305550199")
        page = browser.get(f"/contacts/{whole.pk}/").content.decode()
        assert "Perhaps the same person" in page
        assert "same number" in page
