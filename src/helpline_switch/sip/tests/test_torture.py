"""Messages with the properties that RFC 4475 describes, built anew: what is valid is understood, what is not is refused
with the right code, and nothing is left of either."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from helpline_switch.sip.events import Incoming
from helpline_switch.sip.tests.peer import OFFER

_numbers = itertools.count(1)


def message(start, *more, drop=(), body="", **instead):
    """A request from the peer at HOST; ``instead`` replaces headers by their name, ``drop`` leaves some out."""
    number, method = next(_numbers), start.split(" ")[0]
    lines = {
        "via": f"Via: SIP/2.0/UDP HOST;branch=z9hG4bKt{number};rport",
        "max_forwards": "Max-Forwards: 70",
        "from_": f"From: <sip:carl@h>;tag=t{number}",
        "to": "To: <sip:100@h>",
        "call_id": f"Call-ID: torture{number}",
        "cseq": f"CSeq: 1 {method}",
        "contact": "Contact: <sip:carl@HOST>",
        "content_type": "Content-Type: application/sdp",
        "length": f"Content-Length: {len(body.encode())}",
    } | instead
    if not body:
        drop = (*drop, "content_type")
    kept = [line for name, line in lines.items() if name not in drop]
    return "\r\n".join([start, *kept[:-1], *more, *kept[-1:], "", body])


def invite(*more, uri="sip:100@h", **instead):
    return message(f"INVITE {uri} SIP/2.0", *more, **({"body": OFFER} | instead))


def options(*more, uri="sip:h", **instead):
    return message(f"OPTIONS {uri} SIP/2.0", *more, **instead)


def register(*more, **instead):
    return message("REGISTER sip:h SIP/2.0", *more, **({"to": "To: <sip:ada@h>"} | instead))


TORTUROUS = "\r\n".join(
    [
        "INVITE sip:vivekg@chair.example;unknownparam SIP/2.0",
        "TO :",
        ' sip:vivekg@chair.example ;   tag1   = 1918181833n ;x="\\"; y"',
        'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@h>',
        "  ;",
        "  tag = 98asjd8",
        "MaX-fOrWaRdS: 0068",
        "Call-ID: wsinv.ndaksdj@192.0.2.1",
        "Content-Length   : {length}",
        "cseq: 0009",
        "  INVITE",
        "Via  : SIP  /   2.0",
        " /UDP",
        "    HOST;branch=390skdjuw",
        "s :",
        "NewFangledHeader:   newfangled value",
        " continued newfangled value",
        "UnknownHeaderWithUnusualValue: ;;,,;;,;",
        "Content-Type: application/sdp",
        "v:  SIP  / 2.0  / TCP     spindle.example   ;",
        "  branch  =   z9hG4bK9ikj8  ,",
        " SIP  /    2.0   / UDP  192.168.255.111   ; branch=",
        " z9hG4bK30239",
        'm:"Quoted string \\"\\"" <sip:jdrosen@HOST> ; newparam = newvalue ;',
        "  secondparam ; q = 0.33",
        "",
        OFFER,
    ]
).replace("{length}", str(len(OFFER)))

CALLS = {
    "white space, folding, compact names, odd case (3.1.1.1)": (TORTUROUS, "vivekg"),
    "an escaped URI as user (3.1.1.3)": (
        invite(uri="sip:sips%3Auser%40example.com@h"),
        "sips:user@example.com",
    ),
    "parameters in the user part (3.1.1.9)": (invite(uri="sip:user;par=u%40example.net@h"), "user"),
    "no space after the display name (3.1.1.6)": (invite(from_="From: carl<sip:carl@h>;tag=323"), "100"),
    "escaped percent in a name (3.1.1.5)": (invite(uri="sip:%25@h"), "%"),
    "odd transports in Via (3.1.1.10)": (
        invite("Via: SIP/2.0/SCTP a, SIP/2.0/UNKNOWN b;branch=z9hG4bK2"),
        "100",
    ),
    "a branch that is only the cookie (3.2)": (invite(via="Via: SIP/2.0/UDP HOST;branch=z9hG4bK"), "100"),
    "no hops left, but we are there (3.3.11)": (invite(max_forwards="Max-Forwards: 0"), "100"),
    "a date of another zone (3.1.2.12)": (invite("Date: Fri, 01 Jan 2010 16:00:00 EST"), "100"),
    "a telephone URI": (invite(uri="tel:+49-30-1234"), "+49-30-1234"),
}

ANSWERED = {
    "an unknown method of odd letters (3.1.1.2)": (
        message("!interesting-Method0123456789_*+`.%indeed'~ sip:h SIP/2.0", drop=("contact",)), 405),
    "a percent in a method is a percent (3.1.1.5)": (message("RE%47IST%45R sip:h SIP/2.0"), 405),
    "a method in small letters": (message("invite sip:h SIP/2.0"), 405),
    "very long values and many hops (3.1.1.7)": (
        options(*(f"Via: SIP/2.0/TCP s{n}.example;branch=z9hG4bK{'x' * 200}" for n in range(12)),
                f"X-Long: {'very long ' * 250}", from_=f"From: <sip:{'c' * 255}@h>;tag={'12' * 160}"), 200),
    "a second message behind the first (3.1.1.8)": (register() + message("INVITE sip:x@y SIP/2.0"), 401),
    "several parts in a body (3.1.1.11)": (
        invite(content_type="Content-Type: multipart/mixed;boundary=a", body="--a\r\n\r\nx\r\n--a--\r\n"), 415),
    "separators without anything between (3.1.2.1)": (
        invite(via="Via: SIP/2.0/UDP HOST;;,;,,", contact='Contact: "" <> ;,"Joe" <sip:j@h>;;,,;;'), 400),
    "a body shorter than promised (3.1.2.2)": (invite(length="Content-Length: 9999"), 400),
    "a negative length (3.1.2.3)": (invite(length="Content-Length: -999"), 400),
    "numbers too large (3.1.2.4)": (options(cseq="CSeq: 36893488147419103232 OPTIONS"), 400),
    "a time too large (3.1.2.4)": (register("Expires: 1000000000000000000000000000000"), 400),
    "a quote that is not closed (3.1.2.6)": (invite(to='To: "Mr. J. User <sip:j.user@h>'), 400),
    "brackets around the request URI (3.1.2.7)": (invite(uri="<sip:user@h>"), 400),
    "white space in the request URI (3.1.2.8)": (invite(uri="sip:user@h; lr"), 400),
    "too much space in the first line (3.1.2.9)": (invite().replace("INVITE ", "INVITE  ", 1), 400),
    "space at the end of the first line (3.1.2.10)": (options().replace("SIP/2.0\r\n", "SIP/2.0  \r\n", 1), 400),
    "headers in the request URI (3.1.2.11)": (invite(uri="sip:user@h?Route=%3Csip:example.com%3E"), 400),
    "a contact with headers and no brackets (3.1.2.13)": (
        register(contact="Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"), 400),
    "space within the brackets (3.1.2.14)": (options(to='To: "Watson, Thomas" < sip:t.watson@h >'), 400),
    "a comma in an unquoted name (3.1.2.15)": (options(from_="From: Bell, Alexander <sip:a.g.bell@h>;tag=43"), 400),
    "an unknown version (3.1.2.16)": (message("OPTIONS sip:t.watson@h SIP/7.0"), 505),
    "two methods (3.1.2.17)": (options(cseq="CSeq: 8 INVITE"), 400),
    "two methods, one unknown (3.1.2.18)": (message("NEWMETHOD sip:h SIP/2.0", cseq="CSeq: 8 INVITE"), 400),
    "no call-id, from or to (3.3.1)": (invite(drop=("call_id", "from_", "to")), 0),
    "no call-id (3.3.1)": (invite(drop=("call_id",)), 0),
    "an unknown scheme (3.3.2)": (options(uri="nobodyKnowsThisScheme:totallyopaquecontent"), 416),
    "a known scheme that is not ours (3.3.3)": (options(uri="soap.beep://192.0.2.103:3002"), 416),
    "unknown schemes in To and Contact (3.3.4)": (
        register(to="To: <isbn:2983792873>", contact="Contact: <name:John_Smith>"), 400),
    "extensions nobody has (3.3.5)": (
        options("Require: nothingSupportsThis, nothingSupportsThisEither"), 420),
    "a body nobody can read (3.3.6)": (invite(content_type="Content-Type: application/unknownformat"), 415),
    "an unknown way to authenticate (3.3.7)": (register("Authorization: NoOneKnowsThisScheme opaque-data=here"), 401),
    "several values where one may be (3.3.8)": (
        register("CSeq: 6 INVITE", "Call-ID: other", "From: <sip:o@h>;tag=x", "To: <sip:o@h>"), 400),
    "two lengths (3.3.9)": (options("Content-Length: 5"), 400),
    "a contact with an unknown parameter (3.3.12)": (register(contact="Contact: <sip:+1@HOST>;unknownparam"), 401),
    "a contact whose URI has one (3.3.13)": (register(contact="Contact: <sip:+1@HOST;unknownparam>"), 401),
    "a contact with an escaped route (3.3.14)": (
        register(contact="Contact: <sip:user@h?Route=%3Csip:sip.example.com%3E>"), 401),
    "an answer must not be SDP (3.3.15)": (invite("Accept: text/nobodyKnowsThis"), 406),
    "no tag and no branch, as of old (3.4)": (
        invite(via="Via: SIP/2.0/UDP HOST", from_="From: <sip:carl@h>"), 400),
    "a zero byte in the number (3.1.1.4)": (invite(uri="sip:null-%00-null@h"), 404),
}  # fmt: skip

RESPONSES = {
    "a reason in Cyrillic (3.1.1.12)": "SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое",
    "no reason (3.1.1.13)": "SIP/2.0 100 ",
    "a code too large (3.1.2.19)": "SIP/2.0 4294967301 better not break the receiver",
    "a number too large (3.1.2.5)": "SIP/2.0 503 Service Unavailable",
    "for someone else (3.3.10)": "SIP/2.0 200 OK",
}


async def put(desk, text):
    carl = await desk.udp_phone("carl")
    carl.line.send(text.replace("HOST", carl.line.host).encode())
    return carl


@pytest.mark.parametrize("case", CALLS)
async def test_valid_calls_are_understood(desk, case):
    text, called = CALLS[case]
    carl = await put(desk, text)
    incoming = await desk.next(Incoming)
    assert incoming.called == called
    desk.sip.reject(incoming.dialog_id, 486, "Busy Here")
    assert (await carl.expect(486)).get("call-id")


async def test_the_torturous_invite_is_read_in_every_detail(desk):
    await put(desk, TORTUROUS)
    incoming = await desk.next(Incoming)
    assert (incoming.caller.display, incoming.caller.user) == ('J Rosenberg \\"', "jdrosen")
    assert incoming.headers["newfangledheader"] == "newfangled value continued newfangled value"
    assert incoming.sdp == OFFER


@pytest.mark.parametrize("case", ANSWERED)
async def test_each_gets_the_answer_it_should(desk, case):
    text, code = ANSWERED[case]
    carl = await put(desk, text)
    if code:
        said = await carl.expect(code)
        assert said.get("cseq"), "an answer has what the sender needs to match it"
        if code == 420:
            assert "nothingsupportsthiseither" in ",".join(said.all("unsupported")).lower()
        if code == 415:
            assert said.get("accept") == "application/sdp"
    else:
        await asyncio.sleep(0.2)
        assert carl.inbox == []
    assert not desk.has(Incoming)
    carl.send(carl.request("OPTIONS", "sip:h"))
    await carl.expect(200)


@pytest.mark.parametrize("case", RESPONSES)
async def test_answers_nobody_waits_for_are_dropped(desk, case):
    cseq = "CSeq: 9292394834772304023312 OPTIONS" if "number" in case else "CSeq: 1 INVITE"
    via = (
        "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23"
        if "else" in case
        else "Via: SIP/2.0/UDP HOST"
    )
    carl = await put(desk, message(RESPONSES[case], via=via, cseq=cseq))
    carl.send(carl.request("OPTIONS", "sip:h"))
    await carl.expect(200)
    assert carl.inbox == []


async def test_nothing_is_left_of_them_all(desk):
    """All at once; then every refusal is acknowledged and nothing of the switch's memory is taken."""
    carl = await desk.udp_phone("carl")
    for text in (*(text for text, _ in ANSWERED.values()), *(text for text, _ in CALLS.values())):
        carl.line.send(text.replace("HOST", carl.line.host).replace("torture", "again").encode())
    for _ in CALLS:
        desk.sip.reject((await desk.next(Incoming)).dialog_id, 486, "Busy Here")
    await asyncio.sleep(0.3)
    engine = desk.sip._engine
    assert not engine._dialogs.by_id
    assert all(each.method == "INVITE" for each in engine._transactions.tserver.values())
