"""What is counted for those who watch over the switch."""

from __future__ import annotations


async def test_a_wrong_password_is_counted_and_a_right_one_is_not(desk) -> None:
    desk.hire("ada")
    ada, eve = await desk.udp_phone("ada"), await desk.udp_phone("ada")
    assert (await ada.register("secret")).code == 200
    assert desk.sip.bans.guesses == 0
    assert (await eve.register("guessed")).code in (401, 403)
    assert desk.sip.bans.guesses == 1
