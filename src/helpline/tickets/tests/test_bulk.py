"""Changes of many tickets: looked at first, carried out once, undone where nobody changed anything since."""

from datetime import timedelta

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from helpline.core import registry
from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict, Invalid, NotAllowed, NotFound
from helpline.people.access import actor_for
from helpline.people.models import RoleGrant, User
from helpline.people.tests.factories import DeskFactory, TeamFactory, actor, person
from helpline.tickets import actions, bulk_actions, bulk_fields, bulk_jobs, bulk_preview, list_access
from helpline.tickets.bulk_running import carry_on
from helpline.tickets.models import BulkChange, BulkRow, BulkState, Item, Ticket
from helpline.tickets.tests.factories import CategoryFactory, PriorityFactory, TicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return actor("ada", Role.AGENT)


@pytest.fixture
def ben():
    return actor("ben", Role.AGENT)


def prepared(who, tickets, clock=None, **fields):
    chosen = Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets])
    return bulk_actions.prepare(who, chosen, fields, clock=clock or SetClock())


def done(who, tickets, **fields):
    return bulk_actions.apply(who, prepared(who, tickets, **fields), clock=SetClock())


def now(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def states(bulk):
    return {row.ticket_id: row.state for row in bulk.rows.all()}


class TestPreview:
    def test_it_says_what_would_change_and_changes_nothing(self, ada):
        team, ben = TeamFactory(name="Network"), person("ben", Role.AGENT)
        one, two = TicketFactory(), TicketFactory(assignee=ben)
        same = TicketFactory(status="solved", team=team, assignee=ben)
        bulk = prepared(ada, [one, two, same], status="solved", team=team.pk, assignee=ben.pk)
        told = bulk_preview.preview(ada, bulk)
        assert (told.changed, told.same, told.refused, told.all) == (2, 1, 0, 3)
        summary = {(step.label, step.before, step.after): count for step, count in told.summary}
        assert summary == {
            ("Status", "Open", "Solved"): 2,
            ("Team", "none", "Network"): 2,
            ("Assignee", "none", "Ben"): 1,
        }
        assert [len(line.steps) for line in told.lines] == [2, 3, 0]
        assert not Item.objects.exists()

    def test_it_says_which_tickets_stay_and_why(self, ada):
        globex = DeskFactory(key="globex", name="Globex")
        RoleGrant.objects.create(user_id=ada.user_id, desk=globex, role=Role.MANAGER)
        RoleGrant.objects.create(user_id=ada.user_id, desk=DeskFactory(key="third"), role=Role.AGENT)
        both = actor_for(User.objects.get(pk=ada.user_id))
        tickets = [
            TicketFactory(),
            TicketFactory(desk=globex),
            TicketFactory(desk=DeskFactory(key="third")),
            TicketFactory(merged_into=TicketFactory()),
        ]
        told = bulk_preview.preview(both, prepared(both, tickets, team=TeamFactory().pk))
        assert (told.changed, told.refused) == (1, 3)
        assert {reason for reason, _count in told.reasons} == {
            "You do not work on tickets of this desk.",
            "Team belongs to another desk.",
            "It is part of another ticket.",
        }

    def test_applying_does_what_the_preview_said(self, ada):
        tickets = [TicketFactory(status=status) for status in ("new", "open", "solved", "closed")]
        tickets.append(TicketFactory(merged_into=tickets[0]))
        bulk = prepared(ada, tickets, status="solved")
        told = bulk_preview.preview(ada, bulk)
        tally = bulk_preview.tally(bulk_actions.apply(ada, bulk))
        assert (
            (tally["changed"], tally["same"], tally["refused"])
            == (told.changed, told.same, told.refused)
            == (3, 1, 1)
        )

    def test_it_costs_no_more_for_many(self, ada, django_assert_max_num_queries):
        bulk = prepared(ada, [TicketFactory() for _ in range(30)], status="solved", team=TeamFactory().pk)
        with django_assert_max_num_queries(5):
            assert bulk_preview.preview(ada, bulk).changed == 30

    def test_only_tickets_that_are_seen_are_taken(self, ada):
        seen, foreign = TicketFactory(), TicketFactory(desk=DeskFactory(key="globex"))
        assert list(states(prepared(ada, [seen, foreign], status="solved"))) == [seen.pk]

    def test_nothing_too_much_and_the_impossible_are_refused(self, ada, monkeypatch):
        ticket = TicketFactory()
        for tickets, fields in (([], {"status": "solved"}), ([ticket], {})):
            with pytest.raises(Invalid):
                prepared(ada, tickets, **fields)
        monkeypatch.setattr(bulk_actions, "MOST", 1)
        with pytest.raises(Invalid, match="too many"):
            prepared(ada, [ticket, TicketFactory()], status="solved")
        with pytest.raises(NotAllowed):
            prepared(actor("cora", Role.COACH), [ticket], status="solved")
        for given in ({"status": "asleep"}, {"team": "1 or 1"}, {"assignee": "999"}, {"priority": "none"}):
            with pytest.raises(Invalid):
                bulk_fields.read(ada, given)
        assert bulk_fields.read(ada, {"assignee": "me", "team": "none", "status": ""}) == {
            "assignee": ada.user_id,
            "team": None,
        }


class TestApply:
    def test_each_ticket_keeps_what_it_was_and_who_did_it(self, ada):
        vpn, critical = CategoryFactory(path="VPN"), PriorityFactory(key="critical", rank=30)
        one = TicketFactory(status="new")
        bulk = done(ada, [one], status="open", category=vpn.pk, priority=critical.pk, assignee=ada.user_id)
        row = bulk.rows.get()
        assert row.before == {
            "status": "new",
            "category": None,
            "priority": one.priority_id,
            "assignee": None,
            "solved_at": None,
            "closed_at": None,
        }
        assert row.item.data["category"] == ["", "VPN"]
        assert (bulk.state, bulk.by_id, row.item.author_id) == (BulkState.DONE, ada.user_id, ada.user_id)
        assert (now(one).category, now(one).priority) == (vpn, critical)

    def test_it_is_done_once(self, ada):
        bulk = prepared(ada, [TicketFactory()], status="solved")
        bulk_actions.apply(ada, bulk)
        with pytest.raises(Conflict):
            bulk_actions.apply(ada, bulk)
        carry_on(bulk.pk)
        assert Item.objects.count() == 1

    def test_nobody_carries_out_what_another_prepared(self, ada, ben):
        bulk = prepared(ada, [TicketFactory()], status="solved")
        with pytest.raises(NotAllowed):
            bulk_actions.apply(ben, bulk)
        with pytest.raises(NotFound):
            list_access.bulk_change(ben, bulk.pk)

    def test_one_that_is_refused_holds_up_no_other(self, ada, monkeypatch):
        tickets = [TicketFactory() for _ in range(3)]

        def guard(*, ticket, **_facts):
            if ticket.pk == tickets[1].pk:
                raise Invalid("The closing step is missing.")

        monkeypatch.setitem(registry._hooks, "ticket_changing", [guard])
        bulk = done(ada, tickets, status="solved")
        assert [now(ticket).status for ticket in tickets] == ["solved", "open", "solved"]
        assert bulk.rows.get(state="refused").why == "The closing step is missing."

    def test_many_are_a_job_that_goes_on_after_a_crash(self, ada, monkeypatch):
        monkeypatch.setattr(bulk_actions, "AT_ONCE", 10)
        tickets = [TicketFactory() for _ in range(60)]
        clock = SetClock()
        bulk = bulk_actions.apply(ada, prepared(ada, tickets, clock, status="solved"), clock=clock)
        assert (bulk.state, DBTaskResult.objects.count()) == (BulkState.RUNNING, 1)
        calls = []

        def dies(*args, **fields):
            calls.append(args)
            if len(calls) == 40:
                raise RuntimeError("power cut")
            return kept(*args, **fields)

        kept = actions.change
        monkeypatch.setattr(actions, "change", dies)
        with pytest.raises(RuntimeError):
            carry_on(bulk.pk, clock)
        assert Ticket.objects.filter(status="solved").count() == 25
        bulk_jobs.sweep(SetClock(clock.now() + timedelta(minutes=5)))
        assert DBTaskResult.objects.count() == 2
        assert carry_on(bulk.pk) == BulkState.DONE
        assert Item.objects.count() == Ticket.objects.filter(status="solved").count() == 60

    def test_who_lost_the_role_meanwhile_changes_nothing(self, ada, monkeypatch):
        monkeypatch.setattr(bulk_actions, "AT_ONCE", 0)
        bulk = done(ada, [TicketFactory()], status="solved")
        RoleGrant.objects.all().delete()
        assert carry_on(bulk.pk) == BulkState.DONE
        assert list(states(bulk).values()) == ["refused"]

    def test_a_team_that_is_gone_changes_nothing_and_is_told(self, ada):
        team = TeamFactory()
        bulk = prepared(ada, [TicketFactory()], team=team.pk)
        team.delete()
        assert "no such choice" in bulk_preview.possible(bulk)
        assert list(states(bulk_actions.apply(ada, bulk)).values()) == ["refused"]

    def test_previews_nobody_applied_are_forgotten(self, ada):
        clock = SetClock()
        old = prepared(ada, [TicketFactory()], clock, status="solved")
        kept = done(ada, [TicketFactory()], status="solved")
        bulk_jobs.sweep(SetClock(clock.now() + timedelta(days=2)))
        assert list(BulkChange.objects.all()) == [kept]
        assert not BulkRow.objects.filter(bulk=old.pk).exists()


class TestUndo:
    def test_everything_is_as_before_with_its_times(self, ada):
        solved_at = SetClock().now() - timedelta(days=3)
        ticket = TicketFactory(status="solved", solved_at=solved_at)
        bulk = done(ada, [ticket], status="open", assignee=ada.user_id)
        assert now(ticket).solved_at is None
        bulk = bulk_actions.undo(ada, bulk)
        after = now(ticket)
        assert (after.status, after.solved_at, after.assignee) == ("solved", solved_at, None)
        assert (bulk.state, states(bulk)) == (BulkState.UNDONE, {ticket.pk: "undone"})

    def test_what_somebody_changed_since_stays_field_by_field(self, ada, ben):
        one, two = TicketFactory(), TicketFactory()
        bulk = done(ada, [one, two], status="solved", assignee=ada.user_id)
        actions.change(ben, now(one), assignee=User.objects.get(pk=ben.user_id))
        bulk = bulk_actions.undo(ada, bulk)
        assert (now(one).status, now(one).assignee_id) == ("open", ben.user_id)
        assert (now(two).status, now(two).assignee_id) == ("open", None)
        left = bulk.rows.get(ticket=one)
        assert (left.state, left.left, left.why) == ("left", ["assignee"], "Somebody changed it since.")

    def test_what_was_set_to_the_same_on_purpose_stays_too(self, ada, ben):
        ticket = TicketFactory()
        bulk = done(ada, [ticket], status="solved")
        for status in ("open", "solved"):
            actions.change(ben, now(ticket), status=status)
        bulk = bulk_actions.undo(ada, bulk)
        assert (now(ticket).status, states(bulk)) == ("solved", {ticket.pk: "left"})

    def test_two_are_undone_one_after_the_other(self, ada):
        ticket = TicketFactory()
        first = done(ada, [ticket], status="solved")
        second = done(ada, [ticket], status="closed")
        bulk_actions.undo(ada, second)
        assert now(ticket).status == "solved"
        bulk_actions.undo(ada, first)
        assert now(ticket).status == "open"

    def test_the_first_of_two_cannot_be_undone_below_the_second(self, ada):
        ticket = TicketFactory()
        first = done(ada, [ticket], status="solved")
        done(ada, [ticket], status="closed")
        assert list(states(bulk_actions.undo(ada, first)).values()) == ["left"]
        assert now(ticket).status == "closed"

    def test_it_is_undone_once_and_only_when_done(self, ada):
        bulk = prepared(ada, [TicketFactory()], status="solved")
        with pytest.raises(Conflict):
            bulk_actions.undo(ada, bulk)
        bulk_actions.undo(ada, bulk_actions.apply(ada, bulk))
        with pytest.raises(Conflict):
            bulk_actions.undo(ada, bulk)

    def test_a_lead_undoes_it_and_a_colleague_does_not(self, ada, ben):
        ticket = TicketFactory()
        bulk = done(ada, [ticket], status="solved")
        assert list_access.bulk_change(ben, bulk.pk) == bulk
        with pytest.raises(NotAllowed):
            bulk_actions.undo(ben, bulk)
        stranger = actor("lea", Role.LEAD, desk=DeskFactory(key="globex"))
        with pytest.raises(NotFound):
            list_access.bulk_change(stranger, bulk.pk)
        with pytest.raises(NotAllowed):
            bulk_actions.undo(stranger, bulk)
        assert bulk_actions.undo(actor("lena", Role.LEAD), bulk).undone_by.username == "lena"
        assert now(ticket).status == "open"

    def test_a_lead_of_one_desk_leaves_the_tickets_of_another(self, ada):
        globex = DeskFactory(key="globex")
        RoleGrant.objects.create(user_id=ada.user_id, desk=globex, role=Role.AGENT)
        both = actor_for(User.objects.get(pk=ada.user_id))
        here, there = TicketFactory(), TicketFactory(desk=globex)
        bulk = bulk_actions.undo(actor("lena", Role.LEAD), done(both, [here, there], status="solved"))
        assert (now(here).status, now(there).status) == ("open", "solved")
        assert states(bulk) == {here.pk: "undone", there.pk: "left"}

    def test_what_was_before_and_is_gone_is_left(self, ada):
        team = TeamFactory()
        ticket = TicketFactory(team=team)
        bulk = done(ada, [ticket], team=None, status="solved")
        team.delete()
        bulk = bulk_actions.undo(ada, bulk)
        assert (now(ticket).status, bulk.rows.get().left) == ("open", ["team"])


class TestPages:
    @pytest.fixture
    def client(self, ada):
        PriorityFactory()
        client = Client()
        client.force_login(User.objects.get(pk=ada.user_id))
        return client

    def test_from_the_list_to_the_undo(self, client, ada):
        tickets = [TicketFactory() for _ in range(3)]
        facts = {
            "ticket": [ticket.number for ticket in tickets[:2]],
            "status": "solved",
            "assignee": "me",
            "back": "/tickets/?assignee=none",
        }
        page = client.post("/tickets/bulk/", facts, follow=True)
        assert "Nothing is changed yet" in page.content.decode()
        assert "Change 2 tickets" in page.content.decode()
        address = page.request["PATH_INFO"]
        assert {now(ticket).status for ticket in tickets} == {"open"}
        after = client.post(f"{address}apply/", follow=True)
        assert after.redirect_chain[-1][0] == "/tickets/?assignee=none"
        assert "2 tickets changed." in after.content.decode()
        assert f'hx-post="{address}undo/"' in after.content.decode()
        assert [now(ticket).status for ticket in tickets] == ["solved", "solved", "open"]
        assert address in client.get(f"/tickets/{tickets[0].number}/").content.decode()
        assert "Status: Solved; Assignee: Ada" in client.get("/tickets/bulk/").content.decode()
        assert "2 tickets put back." in client.post(f"{address}undo/", follow=True).content.decode()
        assert {now(ticket).status for ticket in tickets} == {"open"}

    def test_all_that_match_the_list_and_no_other(self, client):
        TicketFactory.create_batch(3, subject="VPN")
        TicketFactory(subject="Printer")
        facts = {"all": "1", "status": "solved", "back": "/tickets/?text=vpn"}
        page = client.post("/tickets/bulk/", facts, follow=True).content.decode()
        assert "Change 3 tickets" in page

    def test_a_foreign_way_back_leads_to_the_list(self, client):
        facts = {"ticket": TicketFactory().number, "status": "solved", "back": "//evil.example/?text=x"}
        client.post("/tickets/bulk/", facts)
        answer = client.post(f"/tickets/bulk/{BulkChange.objects.get().pk}/apply/")
        assert answer["Location"] == "/tickets/?text=x"

    def test_without_a_choice_it_says_so(self, client):
        assert client.post("/tickets/bulk/", {"status": "solved"}).status_code == 422
        assert client.post("/tickets/bulk/", {"ticket": TicketFactory().number}).status_code == 422

    def test_a_large_one_shows_how_far_it_is(self, client, monkeypatch):
        monkeypatch.setattr(bulk_actions, "AT_ONCE", 1)
        tickets = [TicketFactory() for _ in range(3)]
        facts = {"ticket": [ticket.number for ticket in tickets], "status": "solved", "back": ""}
        address = client.post("/tickets/bulk/", facts)["Location"]
        page = client.post(f"{address}apply/", follow=True).content.decode()
        assert '<progress max="3" value="0"' in page
        assert "live:user:" in page
        carry_on(BulkChange.objects.get().pk)
        assert "3 tickets changed" in client.get(f"{address}?part=body").content.decode()
