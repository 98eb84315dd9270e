"""Lists of tickets: narrowed, sorted, paged."""

import pytest
from django.http import QueryDict

from helpline.core.access import Role
from helpline.core.errors import Invalid
from helpline.customers.tests.factories import carl
from helpline.people.tests.factories import DeskFactory, TeamFactory, actor, person
from helpline.tickets import paging, queries
from helpline.tickets.filters import Filters
from helpline.tickets.models import StatusKind
from helpline.tickets.tests.factories import CategoryFactory, IncidentFactory, PriorityFactory, TicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return actor("ada", Role.AGENT)


def found(who, sort="number", **given):
    return queries.listing(who, Filters(**given), sort).rows


def test_live_ones_unless_asked_otherwise(ada):
    by_status = {status: TicketFactory(status=status) for status in StatusKind.values}
    live = [ticket for status, ticket in by_status.items() if status not in ("solved", "closed")]
    assert found(ada) == live
    assert found(ada, status="solved") == [by_status["solved"]]
    assert found(ada, status="any") == list(by_status.values())


def test_each_filter_finds_its_ticket(ada):
    from helpline.people.models import User

    ben = person("ben", Role.AGENT)
    network = CategoryFactory(path="Network")
    vpn = CategoryFactory(path="Network > VPN", parent=network)
    team, incident = TeamFactory(), IncidentFactory()
    other = TicketFactory(subject="Something else", assignee=ben)
    it = TicketFactory(
        subject="VPN drops",
        requester=carl(),
        category=vpn,
        team=team,
        assignee=User.objects.get(pk=ada.user_id),
        incident=incident,
        priority=PriorityFactory(key="critical", rank=30),
        asset_tag="A-2231",
    )
    for given in (
        {"assignee": "me"},
        {"assignee": str(ada.user_id)},
        {"team": str(team.pk)},
        {"priority": "critical"},
        {"category": str(vpn.pk)},
        {"category": str(network.pk)},
        {"incident": str(incident.pk)},
        {"text": "vpn"},
        {"text": "jansen"},
        {"text": "c-1042"},
        {"text": "a-2231"},
        {"text": str(it.number)},
        {"text": f"#{it.number}"},
        {"text": "vpn", "assignee": "me", "team": str(team.pk)},
    ):
        assert found(ada, **given) == [it], given
    assert found(ada, assignee=str(ben.pk)) == [other]
    assert found(ada, assignee="none") == []
    assert found(ada, category="999999") == []


@pytest.mark.parametrize(
    "given",
    [{"status": "asleep"}, {"team": "x"}, {"assignee": "you"}, {"category": "-1"}, {"desk": "1 or 1"}],
)
def test_a_filter_that_cannot_be_is_refused(ada, given):
    with pytest.raises(Invalid):
        found(ada, **given)


def test_other_desks_are_never_listed(ada):
    TicketFactory(desk=DeskFactory(key="globex"))
    assert found(ada, status="any") == []
    assert queries.counts(ada) == queries.Counts(0, 0, 0, 0)


def test_a_manager_reads_and_a_phone_administrator_does_not():
    ticket = TicketFactory()
    assert found(actor("max", Role.MANAGER)) == [ticket]
    assert found(actor("phil", Role.PHONE_ADMIN)) == []


@pytest.mark.parametrize("sort", paging.SORTS)
def test_pages_follow_each_other_without_gap_or_double(ada, sort):
    """Also where some tickets have no team, category or assignee, and several are alike."""
    ranks = [PriorityFactory(key=f"p{rank}", rank=rank) for rank in (10, 20, 30)]
    moment = TicketFactory().updated_at
    teams, ben = [None, TeamFactory(name="Été ~ Nord")], person("ben", Role.AGENT)
    for number in range(10):
        TicketFactory(
            priority=ranks[number % 3],
            updated_at=moment,
            created_at=moment,
            subject="Printer ~ jam" if number % 2 else "VPN",
            team=teams[number % 2],
            assignee=ben if number % 3 else None,
            category=CategoryFactory(path="Network") if number == 4 else None,
            solved_at=moment if number == 5 else None,
        )
    whole = queries.listing(ada, Filters(), sort, size=100).rows
    seen, after = [], ""
    while True:
        page = queries.listing(ada, Filters(), sort, after, size=3)
        seen += page.rows
        after = page.next_after
        if not after:
            break
    assert seen == whole
    assert len(seen) == 11


def test_a_ticket_that_comes_in_meanwhile_moves_no_page(ada):
    tickets = [TicketFactory() for _ in range(4)]
    first = queries.listing(ada, Filters(), "-number", size=2)
    TicketFactory()
    second = queries.listing(ada, Filters(), "-number", first.next_after, size=2)
    assert [*first.rows, *second.rows] == tickets[::-1]


@pytest.mark.parametrize(
    "after", ["x", "1~2~3~4", "~", "2026-13-45~1", "'; drop", ".Vg~1", "1~1", ".~~", ".é~1"]
)
def test_a_marker_that_is_none_of_ours_is_refused(ada, after):
    with pytest.raises(Invalid):
        queries.listing(ada, Filters(), "-updated", after)
    with pytest.raises(Invalid):
        queries.listing(ada, Filters(), "by mood")


def test_the_most_urgent_first(ada):
    regular = TicketFactory()
    outage = TicketFactory(priority=PriorityFactory(key="outage", rank=40))
    assert found(ada, sort="-priority") == [outage, regular]


def test_counts(ada):
    from helpline.people.models import User

    mine = User.objects.get(pk=ada.user_id)
    TicketFactory(assignee=mine)
    TicketFactory(assignee=mine, status=StatusKind.SOLVED)
    TicketFactory(status=StatusKind.NEW)
    assert queries.counts(ada) == queries.Counts(mine=1, unassigned=1, new=1, live=2)


def test_filters_are_read_from_an_address():
    filters = Filters.read(QueryDict("status=any&text= vpn &unknown=1"))
    assert (filters.status, filters.text, filters.narrowed) == ("any", "vpn", True)
    assert not Filters.read(QueryDict("")).narrowed
