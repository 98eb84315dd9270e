"""What is kept of the messages of a call, what is not, and for how long."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from helpline_switch.sip.events import Ended, Incoming, Party, Refused
from helpline_switch.sip.masking import masked
from helpline_switch.sip.tests.peer import OFFER
from helpline_switch.sip.tests.test_incoming_calls import answered
from helpline_switch.sip.trace import MessageLog, TraceLimits, Traces

CARL, US = ("192.0.2.7", 5060), ("192.0.2.1", 5060)
START = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at

    def now(self) -> datetime:
        return START + timedelta(seconds=self.at)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def traces(clock: Clock, **limits: float) -> Traces:
    return Traces(TraceLimits(**limits), clock, clock.now)  # type: ignore[arg-type]  # limits of the test


def invite(call_id: str, body: str = "") -> str:
    return f"INVITE sip:100@helpline SIP/2.0\r\nCall-ID: {call_id}\r\n\r\n{body}"


def carl_calls(kept: Traces, call_id: str, dialog: str = "", body: str = "") -> None:
    """Carl's INVITE comes in and becomes a dialog, named for a channel of the same name."""
    kept.note("in", "udp", CARL, US, invite(call_id, body))
    kept.begin(dialog or call_id, call_id)
    kept.name(dialog or call_id, f"channel-{dialog or call_id}")


# --- secrets


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            'Authorization: Digest username="ada", nonce="abc-1", response="0123", nc=00000001, cnonce=xyz',
            'Authorization: Digest username="ada", nonce="*****", response="****", nc=00000001, cnonce=***',
        ),
        (
            'proxy-authorization:\tdigest username="ada",\r\n response = "0123"',
            'proxy-authorization:\tdigest username="ada",\r\n response = "****"',
        ),
        (
            'WWW-Authenticate: Digest realm="helpline", nonce="a\\"b", qop="auth"',
            'WWW-Authenticate: Digest realm="helpline", nonce="****", qop="auth"',
        ),
        ("Authorization: Basic YWRhOnNlY3JldA==", "Authorization: Basic ****************"),
        (
            'Authentication-Info: rspauth="77", nextnonce="88"',
            'Authentication-Info: rspauth="**", nextnonce="**"',
        ),
    ],
)
def test_proofs_of_a_password_are_covered(line: str, shown: str) -> None:
    text = f"REGISTER sip:helpline SIP/2.0\r\n{line}\r\nSubject: response=mine\r\n\r\n"
    assert masked(text) == text.replace(line, shown)


def test_media_keys_are_covered_and_lengths_stay() -> None:
    sdp = (
        OFFER
        + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCk|2^20\r\na=ice-pwd:asd88fgpdd\r\n"
    )
    shown = masked(invite("1", sdp))
    assert "WVNf" not in shown
    assert "asd88" not in shown
    assert "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***" in shown
    assert len(shown) == len(invite("1", sdp))


@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "Signal=*\r\nDuration=160\r\n"),
        ("application/dtmf", "5", "*"),
    ],
)
def test_keys_pressed_are_not_kept(kind: str, body: str, shown: str) -> None:
    head = f"INFO sip:100@helpline SIP/2.0\r\nContent-Type: {kind}\r\n\r\n"
    assert masked(head + body) == head + shown


def test_an_ordinary_message_stays_as_it_is() -> None:
    assert masked(invite("1", OFFER)) == invite("1", OFFER)


# --- what belongs to a call


def test_messages_of_a_call_are_told_in_order(clock: Clock) -> None:
    kept = traces(clock)
    carl_calls(kept, "call-1")
    clock.at += 1
    kept.note("out", "udp", CARL, US, "SIP/2.0 180 Ringing\r\ni: call-1\r\n\r\n")
    found = kept.of_channel("channel-call-1")
    assert found is not None
    assert found.call_ids == ("call-1",)
    assert [(one.direction, one.first_line) for one in found.messages] == [
        ("in", "INVITE sip:100@helpline SIP/2.0"),
        ("out", "SIP/2.0 180 Ringing"),
    ]
    assert found.messages[1].at - found.messages[0].at == timedelta(seconds=1)


def test_all_forks_of_a_channel_are_told_together(clock: Clock) -> None:
    kept = traces(clock)
    for number in range(2):
        kept.name(f"ada~{number}", "ada")
        kept.note("out", "udp", CARL, US, invite(f"fork-{number}"))
        kept.begin(f"ada~{number}", f"fork-{number}")
    found = kept.of_channel("ada")
    assert found is not None
    assert found.call_ids == ("fork-0", "fork-1")


@pytest.mark.parametrize(
    "text",
    [
        "REGISTER sip:helpline SIP/2.0\r\nCall-ID: r\r\n\r\n",
        "SIP/2.0 200 OK\r\nCall-ID: r\r\n\r\n",
        "nonsense",
    ],
)
def test_what_belongs_to_no_call_is_not_kept(clock: Clock, text: str) -> None:
    kept = traces(clock)
    kept.note("in", "udp", CARL, US, text)
    assert kept.size == (0, 0)


def test_a_switch_told_to_keep_nothing_keeps_nothing(clock: Clock) -> None:
    kept = traces(clock, keep_s=0)
    carl_calls(kept, "call-1")
    assert kept.size == (0, 0)
    assert kept.of_channel("channel-call-1") is None


@pytest.mark.parametrize("header", ["Call-ID: odd", "call-id:odd", "CALL-ID \t: odd ", "i: odd"])
def test_a_call_is_known_however_its_id_is_written(clock: Clock, header: str) -> None:
    kept = traces(clock)
    body = "\r\nCall-ID: false\r\n"
    kept.note("in", "udp", CARL, US, f"INVITE sip:x SIP/2.0\r\nSubject: x\r\n{header}\r\n\r\n{body}")
    kept.begin("d", "odd")
    kept.name("d", "c")
    found = kept.of_channel("c")
    assert found is not None
    assert found.call_ids == ("odd",)


# --- for how long


def test_a_call_goes_an_hour_after_its_end_and_not_before(clock: Clock) -> None:
    kept = traces(clock)
    carl_calls(kept, "call-1")
    clock.at += 5 * 3600
    kept.sweep()
    assert kept.of_channel("channel-call-1") is not None, "it goes on"
    kept.over("call-1")
    clock.at += 3599
    kept.sweep()
    assert kept.of_channel("channel-call-1") is not None
    clock.at += 1
    kept.sweep()
    assert kept.of_channel("channel-call-1") is None
    assert kept.size == (0, 0)


def test_an_attempt_that_became_no_call_goes_too(clock: Clock) -> None:
    kept = traces(clock)
    kept.note("in", "udp", CARL, US, invite("refused"))
    assert kept.size[0] == 1
    clock.at += 3600
    kept.sweep()
    assert kept.size == (0, 0)


# --- how much


def test_a_talkative_call_loses_its_oldest_messages(clock: Clock) -> None:
    kept = traces(clock, bytes_per_call=1000)
    carl_calls(kept, "call-1")
    for number in range(20):
        kept.note("in", "udp", CARL, US, f"INFO sip:{number} SIP/2.0\r\nCall-ID: call-1\r\n\r\n{'x' * 200}")
    found = kept.of_channel("channel-call-1")
    assert found is not None
    assert found.messages[-1].first_line == "INFO sip:19 SIP/2.0"
    assert found.dropped == 21 - len(found.messages)
    assert kept.size[1] <= 1000


def test_the_oldest_call_makes_room_for_a_new_one(clock: Clock) -> None:
    kept = traces(clock, calls=3)
    for number in range(5):
        carl_calls(kept, f"call-{number}")
    there = [kept.of_channel(f"channel-call-{number}") is not None for number in range(5)]
    assert there == [False, False, True, True, True]
    assert kept.size[0] == 3


def test_all_calls_together_keep_to_their_bytes(clock: Clock) -> None:
    kept = traces(clock, bytes_in_all=5000)
    for number in range(20):
        carl_calls(kept, f"call-{number}", body="x" * 900)
    assert kept.size[1] <= 5000
    assert kept.of_channel("channel-call-19") is not None


def test_a_flood_of_strangers_drives_no_call_out(clock: Clock) -> None:
    kept = traces(clock, bytes_in_all=100_000)
    carl_calls(kept, "carl")
    for number in range(2000):
        kept.note("in", "udp", ("203.0.113.5", 5060), US, invite(f"flood-{number}", "x" * 900))
    assert kept.of_channel("channel-carl") is not None
    assert kept.size[1] <= 100_000
    assert kept.size[0] <= 201


def test_names_of_dialogs_that_never_spoke_do_not_pile_up(clock: Clock) -> None:
    kept = traces(clock, calls=10)
    for number in range(1000):
        kept.name(f"dialog-{number}", f"channel-{number}")
    assert len(kept._channels) <= 40
    clock.at += 61
    kept.sweep()
    assert kept._channels == {}


# --- as the stack tells it


def test_the_words_of_the_stack_are_read_for_both_families(clock: Clock) -> None:
    kept = traces(clock)
    log = MessageLog(kept, lambda transport: US)
    log.write("RECEIVED message from udp:192.0.2.7:5060:\n", invite("call-1"), ltime=1.0)
    log.write(
        "SENDING message to tcp:('2001:db8::7', 5062):\n", b"SIP/2.0 100 Trying\r\nCall-ID: call-1\r\n\r\n"
    )
    log.write(
        "DISCARDING message to udp:('192.0.2.7', 5060):\n", "SIP/2.0 180 Ringing\r\nCall-ID: call-1\r\n\r\n"
    )
    kept.begin("d", "call-1")
    kept.name("d", "c")
    found = kept.of_channel("c")
    assert found is not None
    assert [(one.direction, one.transport, one.peer) for one in found.messages] == [
        ("in", "udp", ("192.0.2.7", 5060)),
        ("out", "tcp", ("2001:db8::7", 5062)),
    ]


async def kept_of_leg(desk):
    """The messages of the channel `leg`, once the SIP thread has written down what it sent last."""
    return await desk.sip._in_sip_thread(lambda: desk.sip.traces.of_channel("leg"))


async def test_carls_call_can_be_read_afterwards(desk) -> None:
    carl = await desk.udp_phone("carl")
    dialog, call = await answered(desk, carl)
    desk.sip.traces.name(dialog, "leg")
    carl.send(carl.request("BYE", call.target, call=call))
    await carl.expect(200, "BYE")
    await desk.next(Ended)
    found = await kept_of_leg(desk)
    said = [one.first_line.removeprefix("SIP/2.0 ").split()[0] for one in found.messages]
    assert said == ["INVITE", "100", "200", "ACK", "BYE", "200"]
    assert [one.direction for one in found.messages] == ["in", "out", "out", "in", "in", "out"]
    assert {f"{one.peer[0]}:{one.peer[1]}" for one in found.messages} == {carl.line.host}
    assert {one.local for one in found.messages} == {("127.0.0.1", desk.sip.ports["udp"])}


async def test_a_browsers_call_names_its_connection_and_hides_its_proof(desk) -> None:
    desk.hire("ada")
    ada = await desk.browser("ada")
    invite = await ada.dial("sip:100@helpline", password="secret")
    incoming = await desk.next(Incoming)
    desk.sip.traces.name(incoming.dialog_id, "leg")
    desk.sip.ring(incoming.dialog_id)
    await ada.expect(180)
    found = await kept_of_leg(desk)
    assert found.call_ids == (invite.call.id,)
    assert {(one.transport, one.peer[0]) for one in found.messages} == {("ws", "127.0.0.1")}
    proof = re.search(r'response="(\w+)"', "\n".join(invite.lines))
    assert proof is not None
    challenge, answer = (
        next(one.text for one in found.messages if word in one.text)
        for word in ("WWW-Authenticate", "response=")
    )
    assert 'nonce="***' in challenge
    assert 'response="*********************' in answer
    assert proof[1] not in answer


async def test_adas_phone_is_traced_when_it_is_rung(desk) -> None:
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret")
    (contact,) = desk.sip.contacts("ada")
    desk.sip.traces.name("ada~0", "leg")
    desk.sip.call("ada~0", target=contact, caller=Party("Carl", "carl", ""), sdp=OFFER)
    ada.reply(await ada.expect("INVITE"), 486)
    await desk.next(Refused)
    await ada.expect("ACK")
    found = await kept_of_leg(desk)
    said = [one.first_line.removeprefix("SIP/2.0 ").split()[0] for one in found.messages]
    assert said == ["INVITE", "486", "ACK"]


async def test_a_switch_that_drains_refuses_new_calls_and_keeps_the_old(desk) -> None:
    carl, dora = await desk.udp_phone("carl"), await desk.udp_phone("dora")
    dialog, _call = await answered(desk, carl)
    desk.sip.refuse_calls(7)
    dora_asks = await dora.dial("sip:100@helpline")
    refused = await dora.expect(503)
    dora.ack(dora_asks, refused)
    assert refused.get("retry-after") == "7"
    dora.send(dora.request("OPTIONS", "sip:helpline"))
    assert (await dora.expect(503, "OPTIONS")).get("retry-after") == "7"
    desk.sip.hangup(dialog)
    await carl.expect("BYE")
    desk.sip.refuse_calls(None)
    await dora.dial("sip:100@helpline")
    assert (await desk.next(Incoming)).caller.user == "dora"
