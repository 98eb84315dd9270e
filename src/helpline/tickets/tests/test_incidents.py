"""Incidents: declared, joined, fixed."""

import uuid

import pytest

from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict, Invalid, NotAllowed
from helpline.core.models import OutboxEvent
from helpline.customers.tests.factories import carl
from helpline.people.tests.factories import DeskFactory, actor
from helpline.tickets import actions, queries
from helpline.tickets.models import IncidentJoin, StatusKind
from helpline.tickets.tests.factories import CategoryFactory, IncidentFactory, TicketFactory

pytestmark = pytest.mark.django_db


def test_lena_declares_and_everybody_sees_it():
    lena, desk = actor("lena", Role.LEAD), DeskFactory()
    incident = actions.declare_incident(lena, desk, " VPN gateway Utrecht ", "Use Berlin")
    assert queries.open_incidents([desk.pk]) == [incident]
    event = OutboxEvent.objects.get(kind="incident_declared")
    assert "incidents" in event.topics
    with pytest.raises(Invalid):
        actions.declare_incident(lena, desk, " ")


def test_an_agent_alerts_but_does_not_declare():
    with pytest.raises(NotAllowed):
        actions.declare_incident(actor("ada", Role.AGENT), DeskFactory(), "VPN")


def test_a_caller_joins_once_however_often_the_key_is_pressed():
    incident, who, call = IncidentFactory(), carl(), uuid.uuid4()
    first = actions.join_incident(incident, number="+31305550199", call_id=call)
    assert actions.join_incident(incident, contact=who, call_id=call) == first
    mine = actions.join_incident(incident, contact=who, call_id=uuid.uuid4())
    assert actions.join_incident(incident, contact=who, call_id=uuid.uuid4()) == mine
    assert IncidentJoin.objects.count() == 2


def test_fixed_once_and_noted_on_its_live_tickets():
    clock, incident, lena = SetClock(), IncidentFactory(), actor("lena", Role.LEAD)
    live, done = TicketFactory(incident=incident), TicketFactory(incident=incident, status=StatusKind.CLOSED)
    actions.fix_incident(lena, incident, clock=clock)
    assert incident.fixed_at == clock.now()
    assert "VPN gateway Utrecht" in live.items.get().body
    assert not done.items.exists()
    with pytest.raises(Conflict):
        actions.fix_incident(lena, incident)
    with pytest.raises(Conflict):
        actions.join_incident(incident, number="1")


def test_the_text_can_be_put_right():
    incident = IncidentFactory()
    actions.edit_incident(actor("lena", Role.LEAD), incident, title="VPN", workaround="Use Berlin")
    incident.refresh_from_db()
    assert (incident.title, incident.workaround) == ("VPN", "Use Berlin")


def test_several_hit_counts_live_tickets_of_the_last_hour():
    clock, vpn = SetClock(), CategoryFactory()
    fresh = TicketFactory(category=vpn, created_at=clock.now())
    TicketFactory(category=vpn, created_at=clock.now(), status=StatusKind.SOLVED)
    clock.advance(3000)
    newest = TicketFactory(category=vpn, created_at=clock.now())
    assert queries.similar(vpn, clock=clock, but=newest) == [fresh]
    clock.advance(601)
    assert queries.similar(vpn, clock=clock) == [newest]
