"""First answer wins, whatever the order of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline_switch.core.forks import Forks


def test_two_phones_answer_in_the_same_millisecond() -> None:
    forks = Forks.of(["desk", "home"])
    assert [forks.answered("desk"), forks.answered("home")] == ["won", "late"]
    assert forks.winner == "desk"


def test_an_answer_after_the_end_is_unknown() -> None:
    forks = Forks.of(["desk"])
    assert forks.refused("desk", 486) == 486
    assert forks.answered("desk") == "unknown"


def test_declining_on_one_phone_declines_on_all() -> None:
    assert Forks.of(["desk", "home"]).refused("desk", 603) == 603


@pytest.mark.parametrize(("codes", "verdict"), [((408, 486), 486), ((503, 480), 480), ((503,), 503)])
def test_the_most_telling_refusal_counts(codes: tuple[int, ...], verdict: int) -> None:
    forks = Forks.of(map(str, codes))
    said = [forks.refused(str(code), code) for code in codes]
    assert said[-1] == verdict
    assert set(said[:-1]) <= {None}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["answer", "busy", "decline"])), max_size=12)
)
def test_never_two_winners_and_never_a_verdict_after_a_winner(steps: list[tuple[str, str]]) -> None:
    forks = Forks.of("abc")
    won, verdicts_after = 0, []
    for dialog, step in steps:
        if step == "answer":
            won += forks.answered(dialog) == "won"
        else:
            code = forks.refused(dialog, 486 if step == "busy" else 603)
            verdicts_after += [code] if won else []
    assert won <= 1
    assert set(verdicts_after) <= {None}
