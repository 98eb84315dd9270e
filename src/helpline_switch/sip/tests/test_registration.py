"""Ada's phones register with the switch."""

from __future__ import annotations

import asyncio
import re
import time
from hashlib import sha256

from helpline_switch.sip.events import Incoming, Party, Registered, Unregistered
from helpline_switch.sip.stack import Account
from helpline_switch.sip.tests.peer import OFFER, Call, authorization, ha1


async def test_ada_registers_two_phones_and_removes_one(desk):
    desk.hire("ada")
    desktop, mobile = await desk.udp_phone("ada"), await desk.tcp_phone("ada")
    accepted = await desktop.register("secret", expires=300)
    assert accepted.code == 200
    assert f"<{desktop.contact}>;expires=300" in accepted.all("contact")
    assert (await mobile.register("secret")).code == 200
    first, second = await desk.next(Registered), await desk.next(Registered)
    assert (first.username, first.contact.transport, first.contact.uri) == ("ada", "udp", desktop.contact)
    assert (second.contact.transport, bool(second.contact.flow_id), second.contact.browser) == (
        "tcp",
        True,
        False,
    )
    assert [c.transport for c in desk.sip.contacts("ada")] == ["tcp", "udp"]
    assert 290 < first.contact.expires - time.monotonic() <= 300
    await desktop.register("secret", expires=0)
    gone = await desk.next(Unregistered)
    assert (gone.contact.uri, gone.why) == (desktop.contact, "removed")
    assert len(desk.sip.contacts("ada")) == 1


async def test_a_refresh_is_no_news(desk):
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret")
    await desk.next(Registered)
    assert (await ada.register("secret")).code == 200
    await ada.quiet(0.1)
    assert not desk.has(Registered)


async def test_a_phone_that_falls_silent_runs_out(open_desk):
    desk = await open_desk(min_expires=1)
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret", expires=1)
    gone = await desk.next(Unregistered)
    assert gone.why == "expired"
    assert desk.sip.contacts("ada") == ()


async def test_a_wrong_password_and_an_unknown_name_look_the_same(desk):
    desk.hire("ada")
    ada, eve = await desk.udp_phone("ada"), await desk.udp_phone("eve")
    refusals = []
    for phone in (ada, eve):
        first = phone.send(phone._register(Call(phone.user), 300))
        challenge = await phone._final(first)
        refusals.append((challenge.start, [name for name, _ in challenge.headers]))
        refused = await phone.register("wrong")
        refusals.append((refused.start, [name for name, _ in refused.headers]))
    assert refusals[:2] == refusals[2:]
    assert [start for start, _ in refusals[:2]] == ["SIP/2.0 401 Unauthorized", "SIP/2.0 403 Forbidden"]
    assert desk.sip.contacts("ada") == ()
    assert not desk.has(Registered)


async def test_ada_cannot_register_for_ben(desk):
    desk.hire("ada")
    desk.hire("ben", "other")
    ada = await desk.udp_phone("ada")
    challenge = await ada._final(ada.send(ada._register(Call("ada"), 300)))
    proof = authorization(challenge, "ada", "secret", "REGISTER", "sip:helpline")
    contact = f"Contact: <{ada.contact}>"
    theft = ada.request("REGISTER", "sip:helpline", contact, proof, to="<sip:ben@helpline>")
    assert (await ada._final(ada.send(theft))).code == 403
    assert desk.sip.contacts("ben") == ()


async def test_a_captured_password_proof_cannot_be_replayed(desk):
    desk.hire("ada")
    ada, eve = await desk.udp_phone("ada"), await desk.udp_phone("ada")
    challenge = await ada._final(ada.send(ada._register(Call("ada"), 300)))
    proof = authorization(challenge, "ada", "secret", "REGISTER", "sip:helpline")
    assert (await ada._final(ada.send(ada._register(Call("ada"), 300, proof)))).code == 200
    replayed = await eve._final(eve.send(eve._register(Call("ada"), 300, proof)))
    assert replayed.code == 401
    assert "stale=true" in replayed.get("www-authenticate")
    assert len(desk.sip.contacts("ada")) == 1


async def test_an_old_nonce_is_challenged_again(open_desk):
    desk = await open_desk(nonce_life=0)
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    challenge = await ada._final(ada.send(ada._register(Call("ada"), 300)))
    await asyncio.sleep(1.1)
    proof = authorization(challenge, "ada", "secret", "REGISTER", "sip:helpline")
    again = await ada._final(ada.send(ada._register(Call("ada"), 300, proof)))
    assert again.code == 401
    assert "stale=true" in again.get("www-authenticate")


async def test_too_short_and_too_many(open_desk):
    desk = await open_desk(max_contacts=1)
    desk.hire("ada")
    ada, other = await desk.udp_phone("ada"), await desk.udp_phone("ada")
    brief = await ada.register("secret", expires=5)
    assert (brief.code, brief.get("min-expires")) == (423, "60")
    assert (await ada.register("secret")).code == 200
    assert (await other.register("secret")).code == 403


async def test_an_account_that_is_removed_loses_its_phones(desk):
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret")
    desk.sip.accounts.remove("ada")
    assert (await desk.next(Unregistered)).why == "account removed"
    assert (await ada.register("secret")).code == 403


async def test_a_new_password_drops_the_old_phones(desk):
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret")
    desk.sip.accounts.put(Account("ada", ha1("ada", "new"), "helpline"))
    await desk.next(Unregistered)
    assert (await ada.register("secret")).code == 403
    assert (await ada.register("new")).code == 200


async def test_adas_phone_must_prove_her_calls(desk):
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret")
    await ada.dial("sip:200@helpline", password="secret")
    incoming = await desk.next(Incoming)
    assert (incoming.account, incoming.caller.user) == ("ada", "ada")
    await ada.dial("sip:200@helpline", password="wrong")
    await ada.expect(403)
    assert not desk.has(Incoming)


async def test_a_stranger_under_adas_name_is_nobody_and_learns_nothing(desk):
    desk.hire("ada")
    ada, eve = await desk.udp_phone("ada"), await desk.udp_phone("ada")
    await ada.register("secret")
    await eve.dial("sip:200@helpline")
    incoming = await desk.next(Incoming)
    assert (incoming.account, incoming.caller.user) == (None, "anonymous")
    assert eve.seen(401) == eve.seen(403) == 0


async def test_ben_cannot_call_as_ada(desk):
    desk.hire("ada")
    desk.hire("ben", "other")
    ben = await desk.udp_phone("ada")
    call = Call("ada")
    asked = ben.send(ben.request("INVITE", "sip:1@helpline", 'Authorization: Digest realm="x"', call=call))
    challenge = await ben.expect(401)
    ben.ack(asked, challenge)
    proof = authorization(challenge, "ben", "other", "INVITE", "sip:1@helpline")
    ben.send(ben.request("INVITE", "sip:1@helpline", proof, call=call))
    await ben.expect(403)
    assert not desk.has(Incoming)


async def test_a_browser_registers_as_jssip_does(desk):
    desk.hire("ada")
    ada = await desk.browser("ada")
    call, uri = Call("ada"), "sip:kqfv8s3b@9hgjk2l1mn.invalid;transport=ws"
    contact = f'Contact: <{uri}>;+sip.ice;reg-id=1;+sip.instance="<urn:uuid:0a4ad7f8-0b0e>";expires=600'
    extra = ("Supported: path,gruu,outbound", "User-Agent: JsSIP", contact)
    first = ada.request("REGISTER", "sip:helpline", *extra, call=call, to="<sip:ada@helpline>")
    challenge = await ada._final(ada.send(first))
    proof = authorization(challenge, "ada", "secret", "REGISTER", "sip:helpline")
    again = ada.request("REGISTER", "sip:helpline", *extra, proof, call=call, to="<sip:ada@helpline>")
    accepted = await ada._final(ada.send(again))
    assert accepted.all("contact") == [f"<{uri}>;expires=600"]
    registered = (await desk.next(Registered)).contact
    assert (registered.uri, registered.user_agent) == (uri, "JsSIP")
    desk.sip.call("leg", target=registered, caller=Party("", "100", ""), sdp=OFFER)
    invite = await ada.expect("INVITE")
    assert invite.uri == uri
    assert invite.get("via").startswith("SIP/2.0/WS")
    assert "transport=ws" in invite.contact_uri()


async def test_all_contacts_are_removed_with_a_star(desk):
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret")
    call = Call("ada")
    challenge = await ada._final(ada.send(ada._register(call, 300)))
    proof = authorization(challenge, "ada", "secret", "REGISTER", "sip:helpline")
    star = ("Contact: *", "Expires: 0", proof)
    accepted = await ada._final(
        ada.send(ada.request("REGISTER", "sip:helpline", *star, call=call, to="<sip:ada@helpline>"))
    )
    assert (accepted.code, accepted.all("contact")) == (200, [])
    assert desk.sip.contacts("ada") == ()


def sha_account(name, password):
    digest = sha256(f"{name}:helpline:{password}".encode()).hexdigest()
    return Account(name, ha1(name, password), "helpline", digest, ("SHA-256", "MD5"))


async def test_ada_proves_her_password_by_sha256(desk):
    desk.sip.accounts.put(sha_account("ada", "secret"))
    ada = await desk.udp_phone("ada")
    call = Call("ada")
    challenge = await ada._final(ada.send(ada._register(call, 300)))
    asked = challenge.all("www-authenticate")
    assert ["algorithm=SHA-256" in asked[0], "algorithm=MD5" in asked[1], len(asked)] == [True, True, 2]
    nonce = re.search(r'nonce="([^"]+)"', asked[0])[1]
    first, second = (
        sha256(text.encode()).hexdigest() for text in ("ada:helpline:secret", "REGISTER:sip:helpline")
    )
    response = sha256(f"{first}:{nonce}:00000001:c:auth:{second}".encode()).hexdigest()
    proof = (
        f'Authorization: Digest username="ada", realm="helpline", nonce="{nonce}", uri="sip:helpline", '
        f'response="{response}", algorithm=SHA-256, cnonce="c", qop=auth, nc=00000001'
    )
    assert (await ada._final(ada.send(ada._register(call, 300, proof)))).code == 200


async def test_a_phone_that_knows_md5_only_takes_the_second_challenge(desk):
    desk.sip.accounts.put(sha_account("ada", "secret"))
    ada = await desk.udp_phone("ada")
    call = Call("ada")
    challenge = await ada._final(ada.send(ada._register(call, 300)))
    challenge.headers = [each for each in challenge.headers if "SHA-256" not in each[1]]
    proof = authorization(challenge, "ada", "secret", "REGISTER", "sip:helpline")
    assert (await ada._final(ada.send(ada._register(call, 300, proof)))).code == 200


async def test_a_browser_is_asked_for_md5_alone(desk):
    desk.sip.accounts.put(sha_account("ada", "secret"))
    ada = await desk.browser("ada")
    challenge = await ada._final(ada.send(ada._register(Call("ada"), 300)))
    (asked,) = challenge.all("www-authenticate")
    assert "algorithm=MD5" in asked
    assert (await ada.register("secret")).code == 200


async def test_a_proof_with_a_comma_in_quotes_is_read_once(desk):
    desk.hire("ada")
    ada = await desk.udp_phone("ada")
    await ada.register("secret")
    call = Call("ada")
    asked = ada.send(ada.request("INVITE", "sip:1@helpline", call=call, body=OFFER))
    challenge = await ada.expect(401)
    ada.ack(asked, challenge)
    proof = authorization(challenge, "ada", "secret", "INVITE", "sip:1@helpline") + ', opaque="a,b"'
    ada.send(ada.request("INVITE", "sip:1@helpline", proof, call=call, body=OFFER))
    assert (await desk.next(Incoming)).account == "ada"
