"""Saved views: whose they are, what they list and count, and the form that makes them."""

import pytest
from django.http import QueryDict
from django.test import Client

from helpline.core.access import Role
from helpline.core.errors import Invalid, NotAllowed, NotFound
from helpline.people.access import actor_for
from helpline.people.models import RoleGrant, User
from helpline.people.tests.factories import DeskFactory, TeamFactory, actor, person
from helpline.tickets import builder, folders, list_access, queries, view_actions
from helpline.tickets.filters import Filters
from helpline.tickets.models import ColumnChoice, Tag, Ticket, View
from helpline.tickets.tests.factories import CategoryFactory, PriorityFactory, TicketFactory
from helpline.tickets.view_actions import ViewFacts

pytestmark = pytest.mark.django_db
LIVE = Filters().tree()


def is_(field, *values):
    return {"field": field, "operator": "is", "value": list(values)}


@pytest.fixture
def ada():
    return actor("ada", Role.AGENT)


@pytest.fixture
def lena():
    return actor("lena", Role.LEAD)


def save(who, tree=LIVE, name="Mine", **more):
    return view_actions.save_view(who, ViewFacts(name, tree, **more))


def listed(who, view):
    return set(queries.listing(who, Filters(status="any"), view=view).rows)


def counts(who):
    found = folders.groups(who, list(list_access.views(who)))
    return {folder.name: folder.shown for group in found for folder in group.folders}


class TestWhose:
    def test_a_person_sees_own_views_those_of_own_teams_and_of_own_desks(self, ada, lena):
        network, office = TeamFactory(key="network"), TeamFactory(key="office")
        network.members.add(ada.user_id)
        globex = DeskFactory(key="globex")
        boss = actor("boss", Role.DESK_ADMIN, desk=globex)
        for who, name, place in (
            (ada, "own", {}),
            (actor("ben", Role.AGENT), "Ben's", {}),
            (lena, "network", {"team": network}),
            (lena, "office", {"team": office}),
            (lena, "desk", {"desk": network.desk}),
            (boss, "globex", {"desk": globex}),
        ):
            save(who, name=name, **place)
        assert {view.name for view in list_access.views(ada)} == {"own", "network", "desk"}
        assert {view.name for view in list_access.views(lena)} == {"desk"}
        assert {view.name for view in list_access.reachable_views(lena)} == {"desk", "network", "office"}
        with pytest.raises(NotFound):
            list_access.view(ada, View.objects.get(name="office").pk)
        with pytest.raises(NotFound):
            list_access.view(lena, View.objects.get(name="own").pk)

    @pytest.mark.parametrize("role", list(Role))
    def test_who_writes_views_of_a_team_and_a_desk(self, role):
        who, team = actor("who", role), TeamFactory()
        for place in ({"team": team}, {"desk": team.desk}):
            if role in {Role.LEAD, Role.DESK_ADMIN}:
                made = save(who, **place)
                view_actions.delete_view(who, made)
                continue
            with pytest.raises(NotAllowed):
                save(who, **place)
            kept = save(actor_for(_lead()), **place)
            with pytest.raises(NotAllowed):
                view_actions.save_view(who, ViewFacts("Taken", LIVE), view=kept)
            with pytest.raises(NotAllowed):
                view_actions.delete_view(who, kept)

    def test_nobody_writes_a_personal_view_of_somebody_else(self, ada, lena):
        view = save(ada)
        with pytest.raises(NotAllowed):
            view_actions.save_view(lena, ViewFacts("Lena's", LIVE), view=view)
        with pytest.raises(NotAllowed):
            view_actions.delete_view(lena, view)

    def test_a_role_that_is_gone_takes_the_views_of_the_desk_along(self, ada, lena):
        save(lena, name="desk", desk=DeskFactory())
        RoleGrant.objects.filter(user=ada.user_id).delete()
        assert not list_access.views(actor_for(User.objects.get(pk=ada.user_id))).exists()

    def test_what_cannot_be_is_not_saved(self, ada):
        for wrong in (
            {"name": " "},
            {"tree": {"all": [is_("mood", "bad")]}},
            {"tree": {"all": [is_("priority", "nowhere")]}},
            {"columns": ["number", "mood"]},
            {"sort": "by mood"},
        ):
            with pytest.raises(Invalid):
                save(ada, **wrong)
        assert not View.objects.exists()


def _lead():
    found = User.objects.filter(username="lea").first()
    return found or person("lea", Role.LEAD)


class TestWhatItLists:
    def test_each_field_finds_its_ticket(self, ada):
        team, tag = TeamFactory(), Tag.objects.create(desk=DeskFactory(), name="vip")
        team.members.add(ada.user_id)
        network = CategoryFactory(path="Network")
        TicketFactory(subject="Something else")
        it = TicketFactory(
            subject="VPN 100%_sure",
            team=team,
            assignee_id=ada.user_id,
            category=CategoryFactory(path="Network > VPN"),
            priority=PriorityFactory(key="critical", rank=30),
            channel="mail",
            tier=2,
            asset_tag="A-1",
            location="Utrecht",
        )
        it.tags.add(tag)
        for leaf in (
            is_("assignee", "me"),
            is_("team", "mine"),
            is_("team", str(team.pk)),
            is_("category", str(network.pk)),
            is_("priority", "critical"),
            is_("channel", "mail"),
            is_("tag", str(tag.pk)),
            {"field": "tag", "operator": "is_set"},
            {"field": "tier", "operator": "at_least", "value": "2"},
            {"field": "subject", "operator": "contains", "value": "100%_"},
            {"field": "requester", "operator": "contains", "value": it.requester.name.upper()},
            {"field": "asset_tag", "operator": "is_set"},
            {"field": "location", "operator": "contains", "value": "utr"},
            {"field": "words", "operator": "contains", "value": "vpn"},
        ):
            assert listed(ada, save(ada, {"all": [leaf]})) == {it}, leaf
            turned = save(ada, {"none": [leaf]})
            assert it not in listed(ada, turned), leaf
            assert len(listed(ada, turned)) == 1, leaf

    def test_a_view_of_a_desk_lists_that_desk_only(self, ada):
        acme, globex = DeskFactory(), DeskFactory(key="globex")
        RoleGrant.objects.create(user_id=ada.user_id, desk=globex, role=Role.LEAD)
        both = actor_for(User.objects.get(pk=ada.user_id))
        here, there = TicketFactory(desk=globex), TicketFactory(desk=acme)
        assert listed(both, save(both, desk=globex)) == {here}
        assert listed(both, save(both)) == {here, there}

    def test_filters_narrow_within_the_view(self, ada):
        one, _other = TicketFactory(subject="VPN"), TicketFactory()
        view = save(ada)
        assert queries.listing(ada, Filters(status="any", text="vpn"), view=view).rows == [one]


class TestCounts:
    def test_they_are_right_right_after_a_change(self, ada):
        save(ada, name="Open")
        save(ada, {"all": [is_("status", "solved")]}, name="Solved")
        save(ada, {"all": [{"field": "words", "operator": "contains", "value": "vpn"}]}, name="Words")
        first, _second = TicketFactory(assignee_id=ada.user_id), TicketFactory()
        known = {
            "All live": "2",
            "Mine": "1",
            "Nobody's": "1",
            "New": "0",
            "Open": "2",
            "Solved": "0",
            "Words": "",
        }
        assert counts(ada) == known
        Ticket.objects.filter(pk=first.pk).update(status="solved")
        assert counts(ada) == known | {"All live": "1", "Mine": "0", "Open": "1", "Solved": "1"}

    def test_tags_and_teams_do_not_multiply(self, ada):
        team = TeamFactory()
        team.members.add(ada.user_id, person("ben", Role.AGENT), person("sven", Role.AGENT))
        tags = [Tag.objects.create(desk=team.desk, name=name, path=name) for name in ("a", "b")]
        TicketFactory(team=team).tags.add(*tags)
        asked = [is_("status", "live"), is_("team", "mine"), is_("tag", *(str(tag.pk) for tag in tags))]
        save(ada, {"all": asked}, name="Once")
        assert counts(ada)["Once"] == "1"

    def test_the_past_is_counted_up_to_a_limit(self, ada, monkeypatch):
        monkeypatch.setattr(folders, "COUNTED", 3)
        save(ada, {"all": [is_("status", "solved")]}, name="Solved")
        save(ada, {"any": []}, name="Never")
        for _number in range(2):
            TicketFactory(status="solved")
        assert (counts(ada)["Solved"], counts(ada)["Never"]) == ("2", "0")
        TicketFactory(status="solved")
        assert counts(ada)["Solved"] == "2+"

    def test_many_views_cost_two_queries(self, ada, django_assert_num_queries):
        for status in ("new", "open", "solved", "closed"):
            for number in range(5):
                save(
                    ada,
                    {"all": [is_("status", status), is_("priority", "regular")]},
                    name=f"{status} {number}",
                )
        found = list(list_access.views(ada))
        assert len(found) == 20
        with django_assert_num_queries(2):
            folders.groups(ada, found)

    def test_a_view_that_cannot_be_read_any_more_has_no_number(self, ada):
        view = save(ada, name="Old")
        View.objects.filter(pk=view.pk).update(tree={"all": [is_("mood", "bad")]})
        assert counts(ada)["Old"] == ""

    @pytest.fixture(autouse=True)
    def priorities(self):
        PriorityFactory()


class TestForm:
    def test_rows_become_a_tree_and_come_back(self):
        query = QueryDict(
            "r0-group=all&r0-field=status&r0-operator=is&r0-value=new&r0-value=open"
            "&r4-group=any&r4-field=team&r4-operator=is_empty&r7-group=any&r7-field=tier&r7-operator=at_least&r7-value=2"
            "&r9-group=none&r9-field=subject&r9-operator=contains&r9-value=test"
        )
        rows = builder.read(query)
        tree = builder.tree_of(rows, _fields(), whole=True)
        assert tree == {
            "all": [
                is_("status", "new", "open"),
                {
                    "any": [
                        {"field": "team", "operator": "is_empty"},
                        {"field": "tier", "operator": "at_least", "value": "2"},
                    ]
                },
                {"none": [{"field": "subject", "operator": "contains", "value": "test"}]},
            ]
        }
        assert builder.rows_of(tree) == rows

    def test_groups_within_groups_are_not_squeezed_into_the_form(self):
        assert builder.rows_of({"any": []}) is None
        assert builder.rows_of({"all": [{"any": [{"all": []}]}]}) is None
        assert builder.rows_of({"all": [{"any": []}, {"all": [is_("status", "new")]}]}) is not None

    def test_another_field_takes_its_own_operator(self):
        rows = builder.fitted([builder.Row("all", "subject", "is"), builder.Row("all", "mood")], _fields())
        assert [(row.field, row.operator) for row in rows] == [("subject", "contains")]


def _fields():
    from helpline.core import registry

    return registry.conditions("ticket")


class TestPages:
    @pytest.fixture
    def client(self, ada):
        PriorityFactory()
        client = Client()
        client.force_login(User.objects.get(username="ada"))
        return client

    def test_a_filter_is_saved_and_listed_with_its_number(self, client, ada):
        TicketFactory(assignee_id=ada.user_id)
        page = client.get("/tickets/views/new/?assignee=me").content.decode()
        assert "1 ticket now" in page
        rows = {
            "r0-group": "all",
            "r0-field": "status",
            "r0-operator": "is",
            "r0-value": "live",
            "r1-group": "all",
            "r1-field": "assignee",
            "r1-operator": "is",
            "r1-value": "me",
        }
        facts = {
            "name": "My own",
            "do": "save",
            "column": ["number", "subject", "location"],
            "sort": "number",
        }
        answer = client.post("/tickets/views/new/", rows | facts)
        view = View.objects.get()
        assert answer["Location"] == f"/tickets/?view={view.pk}"
        assert view.tree == {"all": [is_("status", "live"), is_("assignee", "me")]}
        page = client.get(f"/tickets/?view={view.pk}").content.decode()
        assert '<span class="folder-name">My own</span><span class="folder-count">1</span>' in page
        assert "Location" in page
        assert ">Requester<" not in page

    def test_rows_are_added_and_taken_away_without_scripts(self, client):
        rows = {
            "r0-group": "all",
            "r0-field": "subject",
            "r0-operator": "contains",
            "r0-value": "vpn",
            "name": "Half",
        }
        page = client.post("/tickets/views/new/", rows | {"do": "add-none"}).content.decode()
        assert 'name="r1-group" value="none"' in page
        assert 'value="Half"' in page
        page = client.post("/tickets/views/new/", rows | {"do": "drop-0"}).content.decode()
        assert "r0-field" not in page
        assert not View.objects.exists()

    def test_an_unfinished_condition_is_not_saved(self, client):
        rows = {
            "r0-group": "all",
            "r0-field": "subject",
            "r0-operator": "contains",
            "name": "Half",
            "do": "save",
        }
        assert client.post("/tickets/views/new/", rows).status_code == 422
        assert client.post("/tickets/views/new/", rows | {"do": "show"}).status_code == 200

    def test_conditions_of_elsewhere_stay_when_the_name_changes(self, client, ada):
        deep = {
            "any": [{"all": [is_("status", "new")]}, is_("tier", "2") | {"operator": "equals", "value": "2"}]
        }
        view = save(ada, deep)
        assert "too nested" in client.get(f"/tickets/views/{view.pk}/").content.decode()
        client.post(f"/tickets/views/{view.pk}/", {"kept": "1", "name": "Renamed", "do": "save"})
        view.refresh_from_db()
        assert (view.name, view.tree) == ("Renamed", deep)

    def test_a_view_of_the_desk_is_saved_as_ones_own(self, client, lena):
        view = save(lena, desk=DeskFactory(), name="Desk")
        page = client.get(f"/tickets/views/{view.pk}/").content.decode()
        assert 'action="/tickets/views/new/"' in page
        assert client.post(f"/tickets/views/{view.pk}/", {"name": "X", "do": "save"}).status_code == 403
        assert client.post(f"/tickets/views/{view.pk}/delete/").status_code == 403

    def test_own_columns_win_over_those_of_the_view(self, client, ada):
        TicketFactory(location="Utrecht")
        view = save(ada, columns=["number", "location"])
        assert ">Utrecht<" in client.get(f"/tickets/?view={view.pk}").content.decode()
        client.post("/tickets/columns/", {"here": f"view={view.pk}", "column": ["number", "tier"]})
        page = client.get(f"/tickets/?view={view.pk}").content.decode()
        assert "Utrecht" not in page
        assert "tier" in page
        client.post("/tickets/columns/", {"here": f"view={view.pk}", "usual": "1"})
        assert not ColumnChoice.objects.exists()
        assert client.post("/tickets/columns/", {"here": "", "column": ["mood"]}).status_code == 422

    def test_a_view_of_others_is_not_opened(self, client, lena):
        view = save(lena, name="Lena's")
        assert client.get(f"/tickets/?view={view.pk}").status_code == 404


def test_each_usual_filter_is_a_tree_that_finds_the_same(ada):
    mine = TicketFactory(assignee_id=ada.user_id)
    TicketFactory(status="closed")
    view = save(ada, Filters(assignee="me").tree())
    assert listed(ada, view) == {mine}
