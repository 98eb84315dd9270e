"""Tags: a tree that is kept, put on tickets, found by."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.people.models import User
from helpline.people.tests.factories import DeskFactory, actor
from helpline.tickets import actions, queries
from helpline.tickets import tags as reading
from helpline.tickets.filters import Filters
from helpline.tickets.models import Tag
from helpline.tickets.search import rebuilding
from helpline.tickets.tests.factories import PriorityFactory, TicketFactory

pytestmark = pytest.mark.django_db
PART = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "ticket-thread"}


@pytest.fixture
def lena():
    return actor("lena", Role.LEAD, Role.DESK_ADMIN)


@pytest.fixture
def tree(lena):
    """Device > Printer > Toner, and Cause."""
    desk = DeskFactory()
    device = actions.create_tag(lena, desk, "Device", colour="blue")
    printer = actions.create_tag(lena, desk, "Printer", parent=device, description="Paper and toner")
    toner = actions.create_tag(lena, desk, "Toner", parent=printer)
    return {
        "device": device,
        "printer": printer,
        "toner": toner,
        "cause": actions.create_tag(lena, desk, "Cause"),
    }


def paths():
    return sorted(Tag.objects.values_list("path", flat=True))


def found(who, **given):
    return queries.listing(who, Filters(**given), "number").rows


class TestTree:
    def test_a_renamed_tag_takes_those_below_it_along(self, lena, tree):
        actions.edit_tag(lena, tree["printer"], name="Printers", parent=tree["cause"], colour="red")
        assert paths() == ["Cause", "Cause > Printers", "Cause > Printers > Toner", "Device"]
        assert Tag.objects.get(pk=tree["printer"].pk).colour == "red"

    def test_a_tag_does_not_stand_below_itself(self, lena, tree):
        with pytest.raises(Invalid, match="below itself"):
            actions.edit_tag(lena, tree["device"], name="Device", parent=tree["toner"], colour="blue")
        assert paths()[-1] == "Device > Printer > Toner"

    @pytest.mark.parametrize("name", ["", "  ", "a > b", "a, b", "x" * 51])
    def test_a_name_that_would_break_a_path_is_refused(self, lena, name):
        with pytest.raises(Invalid, match="needs a name"):
            actions.create_tag(lena, DeskFactory(), name)

    def test_the_same_name_at_the_same_place_is_refused_whatever_its_case(self, lena, tree):
        with pytest.raises(Invalid, match="already"):
            actions.create_tag(lena, DeskFactory(), "printer", parent=tree["device"])
        actions.create_tag(lena, DeskFactory(), "Printer", parent=tree["cause"])

    def test_a_place_at_another_desk_or_too_deep_is_refused(self, lena, tree):
        globex = DeskFactory(key="globex")
        with pytest.raises(NotAllowed):
            actions.create_tag(lena, globex, "Order")
        deep = tree["toner"]
        with pytest.raises(Invalid, match="too deep"):
            for letter in "abcdefgh":
                deep = actions.create_tag(lena, DeskFactory(), letter * 40, parent=deep)

    def test_only_a_desk_administrator_makes_tags(self):
        with pytest.raises(NotAllowed):
            actions.create_tag(actor("ada", Role.AGENT), DeskFactory(), "Printer")


class TestMerging:
    def test_tickets_and_tags_below_are_the_other_ones_afterwards(self, lena, tree):
        only, both = TicketFactory(), TicketFactory()
        actions.tag_ticket(lena, only, add=[tree["printer"]])
        actions.tag_ticket(lena, both, add=[tree["printer"], tree["cause"]])
        assert actions.merge_tags(lena, tree["printer"], tree["cause"]) == 2
        assert paths() == ["Cause", "Cause > Toner", "Device"]
        assert [list(one.tags.all()) for one in (only, both)] == [[tree["cause"]], [tree["cause"]]]

    def test_tags_of_the_same_name_below_become_one_too(self, lena, tree):
        other = actions.create_tag(lena, DeskFactory(), "toner", parent=tree["cause"])
        ticket = TicketFactory()
        actions.tag_ticket(lena, ticket, add=[tree["toner"]])
        actions.merge_tags(lena, tree["printer"], tree["cause"])
        assert list(ticket.tags.all()) == [other]
        assert paths() == ["Cause", "Cause > toner", "Device"]

    def test_a_tag_may_become_the_one_above_it_but_not_one_below_it(self, lena, tree):
        with pytest.raises(Invalid):
            actions.merge_tags(lena, tree["device"], tree["toner"])
        with pytest.raises(Invalid):
            actions.merge_tags(lena, tree["device"], tree["device"])
        actions.merge_tags(lena, tree["printer"], tree["device"])
        assert paths() == ["Cause", "Device", "Device > Toner"]


class TestArchive:
    def test_a_ticket_keeps_an_archived_tag_and_is_found_by_it(self, lena, tree):
        ticket = TicketFactory()
        actions.tag_ticket(lena, ticket, add=[tree["toner"]])
        actions.archive_tag(lena, tree["printer"])
        assert [one.path for one in reading.offered(ticket.desk_id)] == ["Cause", "Device"]
        assert list(ticket.tags.all()) == [tree["toner"]]
        assert found(lena, tag=str(tree["device"].pk)) == [ticket]
        with pytest.raises(Invalid, match="archived"):
            actions.tag_ticket(lena, TicketFactory(), add=[Tag.objects.get(pk=tree["toner"].pk)])

    def test_offered_again_with_what_is_above_and_below(self, lena, tree):
        actions.archive_tag(lena, tree["device"])
        actions.archive_tag(lena, Tag.objects.get(pk=tree["printer"].pk), back=True)
        assert len(reading.offered(tree["device"].desk_id)) == 4
        with pytest.raises(Conflict):
            actions.archive_tag(lena, tree["cause"], back=True)


class TestOnTickets:
    def test_what_was_added_and_taken_is_told_once(self, tree):
        ada, ticket = actor("ada", Role.AGENT), TicketFactory()
        actions.tag_ticket(ada, ticket, add=[tree["printer"], tree["cause"]])
        item = actions.tag_ticket(ada, ticket, add=[tree["cause"]], remove=[tree["printer"]])
        assert actions.tag_ticket(ada, ticket, add=[tree["cause"]], remove=[tree["toner"]]) is None
        first, second = (entry.changes for entry in queries.thread(ticket))
        assert [(one.label, one.after) for one in first] == [("Tag added", "Cause, Device > Printer")]
        assert [(one.label, one.before) for one in second] == [("Tag removed", "Device > Printer")]
        assert item.data == {"tag_removed": ["Device > Printer", ""]}

    def test_a_tag_of_another_desk_is_refused(self, lena, tree):
        globex = DeskFactory(key="globex")
        ticket = TicketFactory(desk=globex)
        admin = actor("gina", Role.LEAD, desk=globex)
        with pytest.raises(Invalid, match="another desk"):
            actions.tag_ticket(admin, ticket, add=[tree["cause"]])

    def test_the_filter_finds_tags_below_and_each_ticket_once(self, lena, tree):
        both, other, _none = TicketFactory(), TicketFactory(), TicketFactory()
        actions.tag_ticket(lena, both, add=[tree["printer"], tree["toner"]])
        actions.tag_ticket(lena, other, add=[tree["cause"]])
        assert found(lena, tag=str(tree["device"].pk)) == [both]
        assert found(lena, tag=str(tree["toner"].pk)) == [both]
        assert found(lena, tag="999999") == []

    def test_the_search_knows_the_tags_also_after_they_are_renamed(self, lena, tree):
        ticket = TicketFactory(subject="Something")
        actions.tag_ticket(lena, ticket, add=[tree["toner"]])
        assert queries.search(lena, "toner", 5) == [ticket]
        actions.edit_tag(lena, tree["toner"], name="Cartridge", parent=tree["printer"], colour="grey")
        assert rebuilding.refresh_tickets_of_tag.call(tree["toner"].pk) == 1
        assert queries.search(lena, "cartridge", 5) == [ticket]
        assert queries.search(lena, "toner", 5) == []


class TestPages:
    @pytest.fixture
    def admin(self, lena):
        PriorityFactory()
        client = Client()
        client.force_login(User.objects.get(pk=lena.user_id))
        return client

    def test_a_tag_is_added_by_its_name_and_taken_away_by_its_button(self, admin, tree):
        ticket = TicketFactory()
        url = f"/tickets/{ticket.number}/tags/"
        assert admin.post(url, {"add": "printer"})["Location"] == f"/tickets/{ticket.number}/"
        part = admin.post(url, {"add": "Device>Printer > Toner"}, **PART).content.decode()
        assert 'hx-swap-oob="morph:#ticket-tags"' in part
        assert set(ticket.tags.all()) == {tree["printer"], tree["toner"]}
        # the text that stands in the field does not come along with the button
        admin.post(url, {"remove": str(tree["printer"].pk), "add": "Cause"}, **PART)
        assert list(ticket.tags.all()) == [tree["toner"]]
        page = admin.get(f"/tickets/{ticket.number}/").content.decode()
        assert '<option value="Device &gt; Printer">' in page
        assert (
            '<option value="Device &gt; Printer &gt; Toner">'
            not in page.partition('id="tag-list"')[2].partition("</datalist>")[0]
        )

    def test_a_word_that_is_no_tag_or_several_says_what_helps(self, admin, lena, tree):
        actions.create_tag(lena, DeskFactory(), "Toner", parent=tree["cause"])
        url = f"/tickets/{TicketFactory().number}/tags/"
        for word, said in (("fax", "no tag"), ("toner", "Several tags")):
            refused = admin.post(url, {"add": word}, **PART)
            assert (refused.status_code, said in refused.content.decode()) == (422, True)

    def test_the_tree_shows_counts_and_makes_changes_merges_and_archives(self, admin, tree):
        desk = DeskFactory()
        url = f"/desks/{desk.pk}/tags/"
        made = {"name": "Scanner", "parent": tree["device"].pk, "colour": "green", "description": ""}
        assert admin.post(url, made)["Location"] == url
        scanner = Tag.objects.get(path="Device > Scanner")
        assert admin.post(url, made | {"colour": "plaid"}).status_code == 422
        admin.post(f"{url}{scanner.pk}/", made | {"name": "Camera", "parent": ""})
        assert "Camera" in paths()
        # a place below itself is not even offered
        assert (
            admin.post(f"{url}{tree['device'].pk}/", made | {"parent": tree["toner"].pk}).status_code == 422
        )
        admin.post(f"{url}{scanner.pk}/merge/", {"into": tree["cause"].pk})
        assert "Camera" not in paths()
        admin.post(f"{url}{tree['device'].pk}/archive/")
        page = admin.get(url).content.decode()
        assert "3 archived tags" in page
        assert "No tag fits" in admin.get(f"{url}?text=zzz").content.decode()

    def test_the_list_shows_chips_and_asks_no_more_for_many(
        self, admin, tree, lena, django_assert_max_num_queries
    ):
        for _number in range(8):
            actions.tag_ticket(lena, TicketFactory(), add=[tree["printer"], tree["cause"]])
        with django_assert_max_num_queries(11):
            page = admin.get(
                f"/tickets/?tag={tree['device'].pk}", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="main"
            ).content.decode()
        assert page.count('class="tag tag-grey"') == 16
