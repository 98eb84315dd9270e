"""Who is calling, and what is known of them."""

import pytest

from helpline.core.access import Role
from helpline.core.errors import Conflict, Invalid, NotAllowed, NotFound
from helpline.core.models import AuditRow, OutboxEvent
from helpline.customers import access, actions, queries
from helpline.customers.tests.factories import AssetFactory, ContactFactory, OrganisationFactory, carl
from helpline.people.tests.factories import DeskFactory, actor

pytestmark = pytest.mark.django_db


class TestFinding:
    def test_carl_is_known_by_his_number_however_it_comes(self):
        who = carl()
        for written in ("+31305550199", "030-5550199", "sip:0031305550199@trunk"):
            match = queries.find_contact(who.desk, number=written)
            assert (match.contact, match.how) == (who, "number")

    def test_the_user_id_counts_more_than_the_number(self):
        who, maria = carl(), ContactFactory(user_id="C-77")
        match = queries.find_contact(who.desk, number="+31305550199", user_id="c-77 ")
        assert (match.contact, match.how) == (maria, "user_id")

    def test_a_wrong_user_id_falls_back_to_the_number(self):
        who = carl()
        assert queries.find_contact(who.desk, number="0305550199", user_id="C-0").how == "number"

    def test_a_line_shared_by_two_proves_nobody(self):
        who = carl()
        ContactFactory(number="+31305550199")
        assert queries.find_contact(who.desk, number="+31305550199") is None

    def test_another_desk_does_not_know_him(self):
        carl()
        assert queries.find_contact(DeskFactory(key="globex"), number="+31305550199") is None

    def test_strangers_and_empty_numbers_are_nobody(self):
        who = carl()
        for number in ("anonymous", "", None, "0201234567"):
            assert queries.find_contact(who.desk, number=number) is None

    @pytest.mark.parametrize(
        "text", ["carl", "JANSEN", "jan carl", "C-1042", "0199", "030 555 0199", "A-2231", "acme"]
    )
    def test_search(self, text):
        who = carl(organisation=OrganisationFactory(name="Acme"))
        AssetFactory(contact=who, tag="A-2231")
        ContactFactory(name="Maria Bakker")
        assert queries.search_contacts(actor("ada", Role.AGENT), text) == [who]

    def test_search_stays_at_the_actors_desks(self):
        carl()
        eve = actor("eve", Role.AGENT, desk=DeskFactory(key="globex"))
        assert queries.search_contacts(eve, "carl") == []

    def test_the_card_is_cheap(self, django_assert_max_num_queries):
        who = carl(organisation=OrganisationFactory(name="Acme"))
        AssetFactory.create_batch(3, contact=who)
        who = access.contact(actor("ada", Role.AGENT), who.pk)
        with django_assert_max_num_queries(3):
            card = queries.contact_card(who)
        assert card.numbers == (("", "+31 30 555 0199", "+31305550199"),)
        assert (card.organisation.name, len(card.assets)) == ("Acme", 3)


class TestWriting:
    def test_ada_makes_a_contact_in_one_go(self):
        ada = actor("ada", Role.AGENT)
        who = actions.create_contact(
            ada,
            DeskFactory(),
            " Carl Jansen ",
            user_id="C-1042",
            number="030 555 0199",
            address="Carl@Acme.example",
        )
        assert (who.name, who.numbers.get().e164, who.addresses.get().address) == (
            "Carl Jansen",
            "+31305550199",
            "carl@acme.example",
        )
        assert AuditRow.objects.filter(subject_kind="contact", verb="create", actor_name="ada").exists()
        assert OutboxEvent.objects.filter(kind="contact_created", desk_id=who.desk_id).exists()

    def test_a_user_id_belongs_to_one(self):
        who = carl()
        with pytest.raises(Conflict):
            actions.create_contact(actor("ada", Role.AGENT), who.desk, "Other", user_id="c-1042")

    def test_what_cannot_be_kept_is_refused(self):
        ada, desk = actor("ada", Role.AGENT), DeskFactory()
        foreign = OrganisationFactory(desk=DeskFactory(key="globex"))
        for facts in (
            {"name": " "},
            {"name": "X", "organisation": foreign},
            {"name": "X", "number": "no number"},
        ):
            with pytest.raises(Invalid):
                actions.create_contact(ada, desk, **facts)

    def test_a_coach_reads_but_does_not_write(self):
        coach, who = actor("cora", Role.COACH), carl()
        assert access.contact(coach, who.pk) == who
        with pytest.raises(NotAllowed):
            actions.edit_contact(coach, who, name="X")

    def test_an_edit_keeps_what_was_before(self):
        who = carl()
        actions.edit_contact(actor("ada", Role.AGENT), who, location="Amersfoort", name="Carl Jansen")
        row = AuditRow.objects.get(verb="edit")
        assert row.changes == {"location": ["Utrecht", "Amersfoort"]}

    def test_an_edit_without_difference_says_nothing(self):
        actions.edit_contact(actor("ada", Role.AGENT), carl(), location="Utrecht")
        assert not AuditRow.objects.filter(verb="edit").exists()

    def test_only_fields_of_a_contact_change(self):
        with pytest.raises(Invalid):
            actions.edit_contact(actor("ada", Role.AGENT), carl(), desk_id=7)

    def test_the_same_number_twice_is_one(self):
        who, ada = carl(), actor("ada", Role.AGENT)
        actions.add_number(ada, who, "0305550199")
        assert who.numbers.count() == 1
        actions.remove_number(ada, who, "+31305550199")
        assert who.numbers.count() == 0

    def test_nobody_reaches_into_another_desk(self):
        who = carl()
        eve = actor("eve", Role.LEAD, desk=DeskFactory(key="globex"))
        with pytest.raises(NotFound):
            access.contact(eve, who.pk)
        with pytest.raises(NotAllowed):
            actions.add_number(eve, who, "0201234567")


class TestAddresses:
    def test_who_wrote_before_is_known_by_the_address(self):
        who = carl()
        desk = actor("ada", Role.AGENT)
        actions.add_address(desk, who, "Carl@Acme.example")
        actions.add_address(desk, ContactFactory(), "carl@acme.example")
        assert actions.contact_of_address(desk, who.desk, " CARL@acme.example ", name="C.J.") == who

    def test_a_stranger_becomes_a_contact_once(self):
        desk = actor("ada", Role.AGENT)
        made = actions.contact_of_address(desk, DeskFactory(), "dora@b.example", name="Dora  Novak")
        assert (made.name, made.addresses.get().address) == ("Dora Novak", "dora@b.example")
        assert actions.contact_of_address(desk, DeskFactory(), "dora@b.example") == made
        assert actions.contact_of_address(desk, DeskFactory(), "eva@b.example").name == "eva"

    def test_of_another_desk_is_another_person(self):
        boss = actor("ada", Role.AGENT)
        first = actions.contact_of_address(boss, DeskFactory(), "dora@b.example")
        globex = DeskFactory(key="globex")
        ben = actor("ben", Role.AGENT, desk=globex)
        assert actions.contact_of_address(ben, globex, "dora@b.example") != first

    @pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "x" * 300 + "@b.example"])
    def test_what_is_no_address_is_nobody(self, address):
        assert actions.contact_of_address(actor("ada", Role.AGENT), DeskFactory(), address) is None
