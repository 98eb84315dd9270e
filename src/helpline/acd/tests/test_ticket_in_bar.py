"""The ticket in the phone bar: likely at first, sure as soon as the greeting opened it, without any other event."""

from helpline.acd.queries import phone_bar
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch
from helpline.core.models import OutboxEvent
from helpline.people.access import actor_for
from helpline.tickets import actions as tickets


def suggested(cast: Cast) -> tuple[int, bool]:
    shown = phone_bar(cast.ada).line
    assert shown is not None
    assert shown.ticket is not None
    return shown.ticket.number, shown.ticket.suggested


def test_the_bar_is_told_when_the_ticket_is_sure(cast: Cast, switch: PaperSwitch) -> None:
    ada = actor_for(cast.ada)
    ticket = tickets.open_ticket(ada, cast.acme, "VPN drops", requester=cast.carl)
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    assert suggested(cast) == (ticket.number, True)
    before = OutboxEvent.objects.latest("pk").pk
    tickets.attach_call(ada, ticket, call.pk, cast.carl)
    assert suggested(cast) == (ticket.number, False)
    told = [topic for event in OutboxEvent.objects.filter(pk__gt=before) for topic in event.topics]
    assert f"user:{cast.ada.pk}" in told
