"""The switch lets strangers call the numbers of the desk, and nothing else."""

import asyncio
from typing import Any

import pytest

from helpline.acd import entry_numbers
from helpline.acd.entry_numbers import EntryNumbers
from helpline.acd.tests.cast import Cast
from helpline.telephony.ari import AriError, AriUnavailable


class PaperAri:
    """Writes down what is asked of the switch; `refusal` is what it answers."""

    def __init__(self, refusal: AriError | None = None) -> None:
        self.refusal = refusal
        self.given: list[Any] = []

    async def request(self, method: str, path: str, *, body: Any) -> None:
        self.given.append((method, path, body["numbers"]))
        if self.refusal:
            raise self.refusal


def give(numbers: EntryNumbers, *wanted: str) -> None:
    asyncio.run(numbers.give(wanted))


def test_numbers_are_sent_when_they_change_and_again_to_a_new_switch() -> None:
    ari = PaperAri()
    numbers = EntryNumbers(ari)  # type: ignore[arg-type]  # of paper
    give(numbers, "200", "100")
    give(numbers, "100", "200")
    give(numbers, "100")
    numbers.forget()
    give(numbers, "100")
    where = ("PUT", "/helpline/entry_numbers")
    assert ari.given == [(*where, ["100", "200"]), (*where, ["100"]), (*where, ["100"])]


def test_an_asterisk_without_the_door_is_asked_once() -> None:
    ari = PaperAri(AriError(404, "Invalid path"))
    numbers = EntryNumbers(ari)  # type: ignore[arg-type]  # of paper
    give(numbers, "100")
    give(numbers, "100")
    assert len(ari.given) == 1


def test_a_switch_that_is_away_is_asked_again() -> None:
    ari = PaperAri(AriUnavailable("gone"))
    numbers = EntryNumbers(ari)  # type: ignore[arg-type]  # of paper
    for _ in range(2):
        with pytest.raises(AriUnavailable):
            give(numbers, "100")
    assert len(ari.given) == 2


@pytest.mark.django_db
def test_every_number_of_every_desk_is_wanted(cast: Cast) -> None:
    assert cast.entry.number in entry_numbers.wanted()
