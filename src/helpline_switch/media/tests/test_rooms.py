"""Who hears whom, over real sockets and the real process."""

import asyncio
import itertools

import pytest

from helpline_switch.media import rtp
from helpline_switch.media.errors import AlreadyExists, BadRequest, UnknownLeg, UnknownRoom
from helpline_switch.media.tests.phones import ADA, CARL, LENA, SVEN, audible, desk

pytestmark = pytest.mark.switch


async def test_two_people_in_a_room_hear_each_other_and_not_themselves(tmp_path):
    async with desk(tmp_path) as d:
        carl, ada = await d.phone("carl", CARL), await d.phone("ada", ADA, payload=8)
        await d.media.open_room("call")
        await d.media.join("call", "carl")
        await d.media.join("call", "ada")
        by_carl, by_ada = await asyncio.gather(carl.listen(), ada.listen())
        assert audible(by_carl) == {ADA}
        assert audible(by_ada) == {CARL}
        assert by_carl[ADA] == pytest.approx(5000, rel=0.1)


async def test_three_way_and_the_first_agent_leaves(tmp_path):
    async with desk(tmp_path) as d:
        phones = [await d.phone(*who) for who in (("carl", CARL), ("ada", ADA), ("sven", SVEN))]
        await d.media.open_room("call")
        for leg in ("carl", "ada", "sven"):
            await d.media.join("call", leg)
        heard = await asyncio.gather(*(phone.listen() for phone in phones))
        assert [audible(each) for each in heard] == [{ADA, SVEN}, {CARL, SVEN}, {CARL, ADA}]
        await d.media.close_leg("ada")
        heard = await asyncio.gather(phones[0].listen(), phones[2].listen())
        assert [audible(each) for each in heard] == [{SVEN}, {CARL}]


async def test_lena_listens_and_whispers_to_ada_alone(tmp_path):
    async with desk(tmp_path) as d:
        carl, ada, lena = [await d.phone(*who) for who in (("carl", CARL), ("ada", ADA), ("lena", LENA))]
        await d.media.open_room("call")
        await d.media.gain("call", "lena", "carl", 0.0)
        await d.media.gain("call", "lena", "ada", 0.5)
        for leg in ("carl", "ada", "lena"):
            await d.media.join("call", leg)
        by_carl, by_ada, by_lena = await asyncio.gather(carl.listen(), ada.listen(), lena.listen())
        assert audible(by_carl) == {ADA}
        assert audible(by_ada) == {CARL, LENA}
        assert by_ada[LENA] == pytest.approx(2500, rel=0.1)
        assert audible(by_lena) == {CARL, ADA}


async def test_mute_works_in_both_directions(tmp_path):
    async with desk(tmp_path) as d:
        carl, ada = await d.phone("carl", CARL), await d.phone("ada", ADA)
        await d.media.open_room("call")
        await d.media.join("call", "carl")
        await d.media.join("call", "ada")
        await d.media.mute("ada", incoming=True, outgoing=False)
        by_carl, by_ada = await asyncio.gather(carl.listen(), ada.listen())
        assert (audible(by_carl), audible(by_ada)) == (set(), {CARL})
        await d.media.mute("ada", incoming=False, outgoing=True)
        by_carl, by_ada = await asyncio.gather(carl.listen(), ada.listen())
        assert (audible(by_carl), audible(by_ada)) == ({ADA}, set())


async def test_a_stranger_who_sends_to_the_port_is_not_heard(tmp_path):
    async with desk(tmp_path) as d:
        carl, ada = await d.phone("carl", None), await d.phone("ada", ADA)
        await d.media.open_room("call")
        await d.media.join("call", "carl")
        await d.media.join("call", "ada")
        stranger = await d.phone("another", SVEN)
        stranger.remote = carl.remote
        assert audible(await ada.listen()) == set()
        assert (await d.media.leg_stats("carl")).received == 0


async def test_after_a_reinvite_only_the_new_address_is_heard(tmp_path):
    async with desk(tmp_path) as d:
        carl, ada = await d.phone("carl", CARL), await d.phone("ada", ADA)
        await d.media.open_room("call")
        await d.media.join("call", "carl")
        await d.media.join("call", "ada")
        moved = await d.phone("elsewhere", SVEN)
        moved.remote = carl.remote
        await d.media.connect_leg("carl", remote=moved.address)
        by_ada, by_moved = await asyncio.gather(ada.listen(), moved.listen())
        assert audible(by_ada) == {SVEN}
        assert audible(by_moved) == {ADA}


async def test_nothing_is_sent_to_a_phone_on_hold_and_numbers_go_on(tmp_path):
    async with desk(tmp_path) as d:
        carl = await d.phone("carl", CARL)
        await asyncio.sleep(0.2)
        await d.media.connect_leg("carl", remote=carl.address, sends=False)
        await asyncio.sleep(0.1)
        before = len(carl.heard)
        await asyncio.sleep(0.2)
        assert len(carl.heard) == before
        await d.media.connect_leg("carl", remote=carl.address)
        await asyncio.sleep(0.2)
        assert len(carl.heard) > before
        seqs = [packet.seq for packet in carl.heard]
        assert all((b - a) & 0xFFFF == 1 for a, b in itertools.pairwise(seqs))
        assert len({packet.ssrc for packet in carl.heard}) == 1


async def test_garbage_and_foreign_payload_types_do_no_harm(tmp_path):
    async with desk(tmp_path) as d:
        carl, ada = await d.phone("carl", CARL), await d.phone("ada", ADA)
        await d.media.open_room("call")
        await d.media.join("call", "carl")
        await d.media.join("call", "ada")
        for junk in (b"", b"x", bytes(12), b"\x90" + bytes(12), b"\xbf" * 40, bytes(1500)):
            carl.transport.sendto(junk, carl.remote)
        carl.transport.sendto(rtp.build(96, 1, 1, 7, bytes(160)), carl.remote)
        assert audible(await ada.listen()) == {CARL}


async def test_commands_on_unknown_things_are_refused(tmp_path):
    async with desk(tmp_path) as d:
        await d.media.open_leg("carl")
        await d.media.open_room("call")
        with pytest.raises(AlreadyExists):
            await d.media.open_leg("carl")
        with pytest.raises(UnknownLeg):
            await d.media.join("call", "ada")
        with pytest.raises(UnknownRoom):
            await d.media.join("room of nobody", "carl")
        with pytest.raises(BadRequest):
            await d.media.connect_leg("carl", remote=("127.0.0.1", 4000), payload=111)
        with pytest.raises(BadRequest):
            await d.media.connect_leg("carl", remote=("no such host.invalid", 4000))
        with pytest.raises(BadRequest):
            await d.media.gain("call", "carl", "ada", -1)
        assert (await d.media.stats()).legs == 1


async def test_old_hold_with_zero_address_does_not_aim_at_this_machine(tmp_path):
    async with desk(tmp_path) as d:
        carl, ada = await d.phone("carl", CARL), await d.phone("ada", ADA)
        await d.media.open_room("call")
        await d.media.join("call", "carl")
        await d.media.join("call", "ada")
        await asyncio.sleep(0.2)
        await d.media.connect_leg("carl", remote=("0.0.0.0", carl.address[1]), sends=False)
        await asyncio.sleep(0.1)
        before, sent = len(carl.heard), (await d.media.leg_stats("carl")).sent
        assert audible(await ada.listen()) == {CARL}
        assert len(carl.heard) == before
        await d.media.connect_leg("carl", remote=carl.address)
        assert audible(await carl.listen()) == {ADA}
        assert (await d.media.leg_stats("carl")).sent > sent > 0
