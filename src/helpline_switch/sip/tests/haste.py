"""Speeds up the protocol's clock, so that 64*T1 is 0.8 s, and makes standing calls."""

from __future__ import annotations

import sys

from helpline_switch.sip.events import Answered, Incoming, Party
from helpline_switch.sip.tests.peer import ANSWER, OFFER, Call

FASTER = 40
QUEUE = Party("Support queue", "100", "helpline")


def hasten(monkeypatch, faster=FASTER):
    """Every timer of the stack and of our parts of it runs that many times faster from now on."""
    original = sys.modules["sippy.Time.Timeout"].Timeout

    def soon(callback, seconds, *rest):
        return original(callback, seconds / faster, *rest)

    for name, module in list(sys.modules.items()):
        ours = name.startswith(("sippy.", "helpline_switch.sip."))
        if ours and getattr(module, "Timeout", None) is original:
            monkeypatch.setattr(module, "Timeout", soon)


async def fresh(phone, method):
    """The next request of that method that is no repetition: with a fast clock those come early."""
    known = phone.__dict__.setdefault("taken", set())
    while True:
        request = await phone.expect(method)
        name = (request.get("call-id"), request.get("cseq"))
        if name not in known:
            known.add(name)
            return request


async def carl_talks(desk, *headers, invite_body=OFFER, phone=None):
    """Carl is in a call with the desk: (his phone, dialog id, the call as he sees it, the 200)."""
    carl = phone or await desk.udp_phone("carl")
    invite = await carl.dial("sip:100@helpline", *headers, body=invite_body)
    incoming = await desk.next(Incoming)
    desk.sip.answer(incoming.dialog_id, ANSWER)
    ok = await carl.expect(200, "INVITE")
    carl.ack(invite, ok)
    return carl, incoming.dialog_id, invite.call.established(ok), ok


async def ada_rings(desk, dialog_id="leg"):
    """Ada's registered phone is rung: (her phone, the INVITE)."""
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret")
    desk.sip.call(dialog_id, target=desk.sip.contacts("ada")[0], caller=QUEUE, sdp=OFFER)
    return ada, await fresh(ada, "INVITE")


async def ada_talks(desk, *headers, dialog_id="leg"):
    """Ada is in a call that the desk made: (her phone, the INVITE, the call as she sees it)."""
    ada, invite = await ada_rings(desk, dialog_id)
    ada.reply(invite, 200, *headers, body=ANSWER)
    await ada.expect("ACK")
    await desk.next(Answered)
    return ada, invite, Call.of(invite)


def ack_with(phone, invite, ok, body):
    """The ACK of a 200 that brings the answer."""
    ack = phone.request("ACK", ok.contact_uri(), body=body, call=invite.call.established(ok))
    ack.lines = [f"CSeq: {invite.cseq} ACK" if line.startswith("CSeq") else line for line in ack.lines]
    phone.send(ack)
