"""Guessers are not listened to; the phone beside them always is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpline_switch.sip.bans import BanRules, Bans, address_key, read_networks

OFFICE, FLAT = "198.51.100.7", "203.0.113.9"
PHONE, GUESSER = f"udp:{OFFICE}:5060", f"udp:{OFFICE}:6666"


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now

    def wall(self):
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.now)


@pytest.fixture
def clock():
    return Clock()


def ban_list(clock, **rules):
    return Bans(BanRules(**({"guesses": 3} | rules)), clock, clock.wall)


def guess(bans, times, place=GUESSER, address=OFFICE, name="ben"):
    return [bans.failed(place, address, name) for _ in range(times)][-1]


def test_three_wrong_passwords_are_forgiven_the_fourth_is_not(clock):
    bans = ban_list(clock)
    assert guess(bans, 3) is None
    assert not bans.blocks(GUESSER, OFFICE, "")
    ban = guess(bans, 1)
    assert (ban.address, ban.times, ban.tried, (ban.until - ban.since).seconds) == (OFFICE, 1, "ben", 300)
    assert bans.blocks(GUESSER, OFFICE, "ben")
    assert not bans.blocks("udp:203.0.113.9:1", FLAT, "ben")
    assert bans.all() == (ban,)


def test_a_phone_with_an_old_password_is_not_banned(clock):
    bans = ban_list(clock)
    for _ in range(500):
        assert guess(bans, 1) is None
        clock.now += 60


def test_bans_grow_and_are_forgotten_after_a_clean_day(clock):
    bans = ban_list(clock)
    lengths = []
    for _ in range(6):
        ban = guess(bans, 30) or bans.all()[0]
        lengths.append(round(ban.ends - clock.now))
        clock.now = ban.ends
        assert bans.all() == ()
    assert lengths == [300, 1200, 4800, 19_200, 76_800, 86_400]
    clock.now += 86_401
    guess(bans, 30)
    assert bans.all()[0].times == 1


def test_adas_phone_behind_the_same_address_goes_on(clock):
    bans = ban_list(clock)
    bans.proven(PHONE, OFFICE, "ada")
    guess(bans, 4)
    assert bans.blocks(GUESSER, OFFICE, "")
    assert not bans.blocks(PHONE, OFFICE, "ada")
    assert not bans.blocks(f"udp:{OFFICE}:7777", OFFICE, "ada"), "after a restart she comes from another port"
    assert bans.blocks(f"udp:{OFFICE}:7777", OFFICE, "ben")
    clock.now += 4_001
    guess(bans, 30)
    assert bans.blocks(PHONE, OFFICE, "ada"), "who has been away for long proves nothing"


def test_a_phone_that_guesses_at_others_loses_its_privilege(clock):
    bans = ban_list(clock)
    bans.proven(PHONE, OFFICE, "ada")
    assert guess(bans, 3, PHONE, name="lena") is None
    assert guess(bans, 1, PHONE, name="lena") is not None
    assert bans.blocks(PHONE, OFFICE, "lena")


def test_a_guesser_at_a_name_known_there_is_stopped_too(clock):
    bans = ban_list(clock)
    bans.proven(PHONE, OFFICE, "ada")
    guess(bans, 4, name="ada")
    assert bans.blocks(GUESSER, OFFICE, "ada")
    assert not bans.blocks(PHONE, OFFICE, "ada")


def test_a_ban_is_lifted_with_all_that_led_to_it(clock):
    bans = ban_list(clock)
    guess(bans, 4)
    assert bans.lift(OFFICE)
    assert not bans.lift(OFFICE)
    assert not bans.blocks(GUESSER, OFFICE, "")
    assert guess(bans, 3) is None
    assert guess(bans, 1).times == 1


def test_a_proxy_is_never_banned(clock):
    bans = ban_list(clock, never=read_networks("198.51.100.0/24, 2001:db8::1"))
    assert guess(bans, 100) is None
    assert guess(bans, 100, "tcp-1", "2001:db8::1") is None
    assert guess(bans, 100, "tcp-2", "2001:db8::2") is None or bans.all()
    assert [ban.address for ban in bans.all()] == ["2001:db8::/64"]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("[2001:db8:1:2:3::4]", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("somewhere.example", "somewhere.example"),
    ],
)
def test_what_is_counted_as_one(address, key):
    assert address_key(address) == key


def test_an_ipv6_ban_is_lifted_by_its_network(clock):
    bans = ban_list(clock)
    guess(bans, 4, "tcp-3", "2001:db8:1:2::99")
    assert bans.turns_away("2001:db8:1:2::1")
    assert bans.lift("2001:db8:1:2::/64")


def test_networks_that_are_none():
    with pytest.raises(ValueError, match="nonsense"):
        read_networks("10.0.0.0/8,nonsense")


def test_a_closed_connection_proves_nothing_any_more(clock):
    bans = ban_list(clock)
    bans.proven("tcp-5", OFFICE, "ada")
    assert bans.is_proven("tcp-5", "ada")
    assert not bans.is_proven("tcp-5", "ben")
    bans.forget_place("tcp-5")
    assert not bans.is_proven("tcp-5")
