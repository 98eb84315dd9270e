"""What the bar and the call's page say to people, where rows and codes say something else."""

import pytest
from django.test import Client

from helpline.acd.queries import phone_bar
from helpline.acd.tests.cast import Cast
from helpline.acd.tests.switch_double import PaperSwitch, state_of
from helpline.core.access import SYSTEM
from helpline.core.errors import Conflict
from helpline.people.models import Presence, User
from helpline.telephony.models import Call, Direction
from helpline.tickets import actions as tickets
from helpline.tickets import queries
from helpline.tickets.models import Ticket

GUEST = "guest-802c130c"


def page_of(user: User, path: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def ticket_of_carl(cast: Cast, subject: str) -> Ticket:
    return tickets.open_ticket(SYSTEM, cast.acme, subject, requester=cast.carl)


def rung(switch: PaperSwitch, **facts: str) -> Call:
    call = switch.call(**facts)
    switch.press("carl-1", "1")
    return call


def behind(user: User) -> str:
    line = phone_bar(user).line
    assert line is not None
    return line.behind


def test_an_answer_that_comes_too_late_says_where_the_call_is(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = rung(switch)
    switch.hang_up(switch.ringing(cast.ada, call), 21)
    with pytest.raises(Conflict, match="does not ring for this call") as waiting:
        switch.do(cast.ada, "answer", call)
    assert waiting.value.code == "not_ringing"
    switch.on_duty(cast.sven)
    for verb in ("answer", "reject"):
        with pytest.raises(Conflict, match="It rings somewhere else now"):
            switch.do(cast.ada, verb, call)
    switch.pick_up(cast.sven, call)
    with pytest.raises(Conflict, match="Somebody else has answered"):
        switch.do(cast.ada, "answer", call)
    assert state_of(cast.sven) == "talking"
    switch.hang_up("carl-1")
    with pytest.raises(Conflict, match="This call is over"):
        switch.do(cast.ada, "answer", call)


def test_reserved_is_ringing_to_people(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    rung(switch)
    for state in ("reserved", "ringing"):
        Presence.objects.filter(user=cast.ada).update(state=state)
        assert phone_bar(cast.ada).state_label == "Ringing"
        [tile] = [one for one in phone_bar(cast.sven).colleagues if one.username == "ada"]
        assert tile.state_label == "Ringing"


def test_a_caller_from_the_web_page_has_no_number(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = rung(switch, caller=GUEST)
    for path in ("/phone/bar/", f"/calls/{call.pk}/", "/calls/"):
        shown = page_of(cast.ada, path)
        assert "web caller" in shown
        assert GUEST not in shown
    switch.pick_up(cast.ada, call)
    [ticket] = queries.tickets_of_call(call.pk)
    assert ticket.subject == "Call from web caller"


def test_the_ticket_opens_behind_the_bar_else_the_card_else_the_call(cast: Cast, switch: PaperSwitch) -> None:
    ticket_of_carl(cast, "VPN drops")
    second = ticket_of_carl(cast, "Battery swollen")
    switch.on_duty(cast.ada)
    call = rung(switch)
    assert behind(cast.ada) == f"/contacts/{cast.carl.pk}/"
    tickets.change(SYSTEM, second, status="closed")
    first = Ticket.objects.exclude(pk=second.pk).get()
    assert behind(cast.ada) == f"/tickets/{first.number}/"
    tickets.change(SYSTEM, first, status="closed")
    assert behind(cast.ada) == f"/contacts/{cast.carl.pk}/"
    Call.objects.filter(pk=call.pk).update(contact=None)
    assert behind(cast.ada) == f"/calls/{call.pk}/"


def test_how_long_the_caller_waits_already_is_shown_while_it_rings(cast: Cast, switch: PaperSwitch) -> None:
    call = rung(switch)
    switch.clock.advance(40)
    switch.on_duty(cast.ada)
    line = phone_bar(cast.ada).line
    assert line is not None
    assert (switch.clock.now() - (line.waiting_since or switch.clock.now())).total_seconds() == 40
    switch.pick_up(cast.ada, call)
    line = phone_bar(cast.ada).line
    assert line is not None
    assert line.waiting_since is None


def test_another_problem_belongs_to_the_call_also_on_a_page_from_before_the_answer(
    cast: Cast, switch: PaperSwitch
) -> None:
    first = ticket_of_carl(cast, "VPN drops")
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    tickets.attach_call(SYSTEM, first, call.pk, cast.carl)
    client = Client()
    client.force_login(cast.ada)
    client.post(f"/tickets/{first.number}/another/", {"subject": "Printer"})
    assert [one.subject for one in queries.tickets_of_call(call.pk)] == ["VPN drops", "Printer"]


def test_a_person_called_is_known_by_the_number_that_was_called(cast: Cast, switch: PaperSwitch) -> None:
    switch.on_duty(cast.ada)
    call = switch.talk(cast.ada)
    Call.objects.filter(pk=call.pk).update(direction=Direction.OUT, contact_by="number")
    assert "the number that was called" in page_of(cast.ada, f"/calls/{call.pk}/")
    Call.objects.filter(pk=call.pk).update(direction=Direction.IN)
    assert "the number they call from" in page_of(cast.ada, f"/calls/{call.pk}/")


def test_reasons_name_the_queue_as_people_know_it(cast: Cast, switch: PaperSwitch) -> None:
    """The key stays in the row; the live page says why a caller waits, the call's page all of it."""
    cast.vpn.name = "Network and tunnels"
    cast.vpn.save()
    call = rung(switch)
    assert "Waits in Network and tunnels" in page_of(cast.lena, "/live/")
    page = page_of(cast.lena, f"/calls/{call.pk}/")
    assert "on to Network and tunnels" in page
    assert "on to vpn" not in page
