"""Who calls: believed from a trunk that vouches for it, withheld where the caller wants it, said to our provider."""

from __future__ import annotations

import pytest

from helpline_switch.sip.events import Incoming, Party, TrunkTarget
from helpline_switch.sip.tests.peer import OFFER, Call
from helpline_switch.sip.tests.test_trunks import CHALLENGE, config, port_of, registered

PAI = 'P-Asserted-Identity: "Carl Jung" <sip:+31301112222@carrier.example;user=phone>'
NOBODY = Party("", "anonymous", "anonymous.invalid")


@pytest.fixture
async def line(desk):
    """(the desk, its provider, the contact at which it is called)"""

    async def make(**more):
        carrier = await desk.udp_phone("carrier")
        return carrier, (await registered(desk, carrier, **more)).contact_uri()

    desk.line = make
    return desk


async def called(desk, carrier, contact, *headers, caller="", user="carl"):
    """The call as it is told when the provider sends it with these headers."""
    call = Call(user)
    call.local = caller or call.local
    carrier.send(carrier.request("INVITE", contact, *headers, body=OFFER, call=call))
    return await desk.next(Incoming)


@pytest.mark.parametrize(
    ("values", "caller"),
    [
        ([PAI], Party("Carl Jung", "+31301112222", "carrier.example")),
        (["P-Asserted-Identity: <tel:+31-30-111-2222>"], Party("", "+31301112222", "")),
        (["P-Asserted-Identity: Carl <sip:carl@carrier.example>, <tel:+31301112222;ext=5>"], Party("Carl", "+31301112222", "")),
        (["P-Asserted-Identity: <sip:carl@carrier.example>", "P-Asserted-Identity: <tel:112>"], Party("", "112", "")),
        (["P-Asserted-Identity: sip:+31301112222@carrier.example"], Party("", "+31301112222", "carrier.example")),
        (["P-Asserted-Identity: nonsense"], Party("Carl", "carl", "helpline")),
        (["P-Asserted-Identity: <sip:%00@x>"], Party("Carl", "carl", "helpline")),
        (["P-Preferred-Identity: <sip:+31301112222@carrier.example>"], Party("Carl", "carl", "helpline")),
        ([], Party("Carl", "carl", "helpline")),
    ],
)  # fmt: skip
async def test_a_provider_that_vouches_is_believed(line, values, caller):
    carrier, contact = await line.line(vouches=True)
    assert (await called(line, carrier, contact, *values)).caller == caller


async def test_a_provider_that_does_not_vouch_is_not_believed(line):
    carrier, contact = await line.line()
    incoming = await called(line, carrier, contact, PAI, "Remote-Party-ID: <sip:1@x>")
    assert incoming.caller == Party("Carl", "carl", "helpline")
    assert not {"p-asserted-identity", "remote-party-id"} & incoming.headers.keys()


async def test_a_stranger_vouches_for_nobody(desk):
    eve = await desk.udp_phone("eve")
    await eve.dial("sip:100@helpline", PAI, "P-Preferred-Identity: <sip:+311@x>")
    incoming = await desk.next(Incoming)
    assert incoming.caller.user == "eve"
    assert not {"p-asserted-identity", "p-preferred-identity"} & incoming.headers.keys()


async def test_an_asserted_name_of_an_account_is_nobody(line):
    line.hire("ada")
    carrier, contact = await line.line(vouches=True)
    incoming = await called(line, carrier, contact, "P-Asserted-Identity: <sip:ada@helpline>")
    assert (incoming.caller.user, incoming.account) == ("anonymous", None)


async def test_ada_is_ada_whatever_her_telephone_prefers(desk):
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret")
    headers = ("P-Preferred-Identity: <sip:lena@helpline>", PAI, "Privacy: id")
    await ada.dial("sip:100@helpline", *headers, password="secret")
    incoming = await desk.next(Incoming)
    assert (incoming.account, incoming.caller.user) == ("ada", "ada")


@pytest.mark.parametrize("vouches", [True, False])
@pytest.mark.parametrize(
    ("caller", "privacy"),
    [
        ("", "Privacy: id"),
        ("", "Privacy: header; User;critical"),
        ('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=x', "Subject: help"),
    ],
)
async def test_a_withheld_number_is_nobodys(line, vouches, caller, privacy):
    carrier, contact = await line.line(vouches=vouches)
    incoming = await called(line, carrier, contact, PAI, privacy, "Diversion: <sip:+3155@x>", caller=caller)
    assert incoming.caller == NOBODY
    assert "+313" not in str(incoming.headers)
    assert not {"from", "contact", "diversion"} & incoming.headers.keys()


async def test_who_wants_no_privacy_is_shown(line):
    carrier, contact = await line.line(vouches=True)
    caller = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=x'
    incoming = await called(line, carrier, contact, PAI, "Privacy: none", caller=caller)
    assert incoming.caller.user == "+31301112222"


async def test_a_provider_is_believed_from_now_on_and_registers_no_second_time(line):
    carrier, contact = await line.line()
    assert (await called(line, carrier, contact, PAI)).caller.user == "carl"
    line.sip.put_trunk(config(carrier, vouches=True))
    assert (await called(line, carrier, contact, PAI)).caller.user == "+31301112222"
    assert carrier.seen("REGISTER") == 0


async def called_out(desk, carrier, number, **more):
    target = TrunkTarget(
        "0301234", "127.0.0.1", port_of(carrier), username="acme", password="line-secret", **more
    )
    desk.sip.call("out", target=target, caller=Party("", number, ""), sdp=OFFER)
    return await carrier.expect("INVITE")


async def test_a_provider_that_we_trust_hears_who_we_are(desk):
    carrier = await desk.udp_phone("carrier")
    invite = await called_out(desk, carrier, "+31305550100", asserts=True)
    assert invite.all("p-asserted-identity") == ["<sip:+31305550100@127.0.0.1>"]
    assert invite.all("privacy") == []
    carrier.reply(invite, 401, CHALLENGE)
    proven = await carrier.expect("INVITE")
    assert proven.all("p-asserted-identity") == ["<sip:+31305550100@127.0.0.1>"]
    carrier.reply(proven, 422, "Min-SE: 3600")
    assert (await carrier.expect("INVITE")).all("p-asserted-identity") == ["<sip:+31305550100@127.0.0.1>"]


async def test_others_hear_from_and_nothing_else(desk):
    carrier = await desk.udp_phone("carrier")
    invite = await called_out(desk, carrier, "+31305550100")
    assert "sip:+31305550100@127.0.0.1" in invite.get("from")
    assert (invite.all("p-asserted-identity"), invite.all("privacy")) == ([], [])


@pytest.mark.parametrize("asserts", [True, False])
async def test_a_number_that_we_withhold(desk, asserts):
    carrier = await desk.udp_phone("carrier")
    invite = await called_out(desk, carrier, "anonymous", asserts=asserts)
    assert invite.all("privacy") == ["id"]
    assert invite.all("p-asserted-identity") == (["<sip:acme@127.0.0.1>"] if asserts else [])
    assert ("sip:anonymous@anonymous.invalid" in invite.get("from")) is asserts
    assert "+31" not in invite.data.decode().replace("0301234", "")
