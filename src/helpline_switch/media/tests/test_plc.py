"""Loss concealment, the limiter and the talk meter: what is heard when packets are lost or voices add up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpline_switch.media import g711
from helpline_switch.media.limiter import CEILING, KNEE, limited
from helpline_switch.media.plc import LONGEST_TICKS, Concealer, pitch_lags
from helpline_switch.media.quality import mos_estimate
from helpline_switch.media.talk import LEFT, PAUSED, RIGHT, TalkFacts, talk_facts

FRAME = g711.FRAME


def voice(seconds: float = 4.0) -> np.ndarray:
    """A voiced sound whose pitch glides from 110 to 150 Hz, with five overtones, louder and softer."""
    time = np.arange(int(8000 * seconds)) / 8000
    pitch = 130 + 20 * np.sin(2 * np.pi * 0.4 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    sound = sum(np.sin(n * phase) / n for n in range(1, 6))
    return (4000 * sound * (0.7 + 0.3 * np.sin(2 * np.pi * 2 * time))).astype(np.float32)


def through_losses(sound: np.ndarray, lost: set[int], *, conceal: bool) -> np.ndarray:
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    concealer, heard = Concealer(1), []
    for number, frame in enumerate(frames):
        pcm = np.zeros((1, FRAME), np.float32) if number in lost else frame[None, :].copy()
        if conceal:
            missing = [0] if number in lost else []
            concealer.conceal(pcm, missing, set(missing))
            concealer.remember(pcm)
        heard.append(pcm[0].copy())
    return np.concatenate(heard)


def noise_db(sound: np.ndarray, heard: np.ndarray) -> float:
    """How far below the sound the error lies."""
    error = sound[: len(heard)] - heard
    return float(10 * np.log10(np.sum(sound**2) / np.sum(error**2)))


@pytest.mark.parametrize(("share", "gain"), [(0.05, 5.0), (0.10, 4.0)])
def test_known_loss_is_heard_far_less_than_silence(share, gain):
    sound = voice()
    chooser = np.random.default_rng(3)
    lost = set((chooser.choice(190, int(200 * share), replace=False) + 5).tolist())
    silent = noise_db(sound, through_losses(sound, lost, conceal=False))
    concealed = noise_db(sound, through_losses(sound, lost, conceal=True))
    assert concealed > silent + gain, (silent, concealed)


def test_a_lost_frame_keeps_the_pitch_and_makes_no_click():
    time = np.arange(800) / 8000
    tone = (8000 * np.sin(2 * np.pi * 200 * time)).astype(np.float32)
    heard = through_losses(tone, {3}, conceal=True)
    assert np.abs(np.diff(heard)).max() < 1.2 * np.abs(np.diff(tone)).max()
    assert np.abs(heard[480:560] - tone[480:560]).max() < 400


def test_a_long_gap_fades_to_silence_within_sixty_milliseconds():
    sound = voice()
    heard = through_losses(sound, set(range(20, 40)), conceal=True)
    levels = np.abs(heard.reshape(-1, FRAME)).max(axis=1)
    assert levels[20] > levels[21] > levels[22] > 0
    assert not levels[20 + LONGEST_TICKS : 40].any()
    assert levels[40] > 0


def test_pitch_is_found_for_many_legs_at_once():
    time = np.arange(480) / 8000
    rows = np.stack([np.sin(2 * np.pi * hz * time) for hz in (80, 100, 125)]).astype(np.float32)
    periods = 8000 / np.array([80, 100, 125])
    lags = pitch_lags(rows)
    assert np.abs(lags / periods - np.round(lags / periods)).max() < 0.03


@given(arrays(np.float32, (3, FRAME), elements=st.floats(-200_000, 200_000, width=32)))
def test_a_sum_of_voices_never_clips(samples):
    out = limited(samples).astype(np.float64)
    assert np.abs(out).max() <= CEILING
    quiet = np.abs(samples) <= KNEE
    assert np.array_equal(out[quiet], np.trunc(samples[quiet]))
    order = np.argsort(samples, axis=None)
    assert (np.diff(out.ravel()[order]) >= 0).all(), "louder stays louder"


def test_two_loud_voices_have_no_flat_tops():
    time = np.arange(8000) / 8000
    total = (30_000 * (np.sin(2 * np.pi * 310 * time) + np.sin(2 * np.pi * 470 * time))).astype(np.float32)
    assert (np.abs(total) > 32_767).mean() > 0.1
    out = limited(total)
    peaks = np.abs(out.astype(int)) >= 32_767
    assert not peaks.any()
    flat = (np.diff(out) == 0) & (np.abs(out[1:]) > KNEE)
    assert flat.mean() < 0.02


def talked(*spans: tuple[int, int]) -> TalkFacts:
    return talk_facts(b"".join(bytes([what]) * ticks for ticks, what in spans))


def test_silence_talk_over_and_shares_of_a_call():
    facts = talked((100, LEFT), (50, LEFT | RIGHT), (100, 0), (200, RIGHT))
    assert (facts.left_s, facts.right_s, facts.both_s) == (3.18, 5.18, 1.18)
    assert facts.silence_s == facts.longest_silence_s == 1.82
    assert facts.talking_s == 7.18


def test_the_gaps_between_syllables_are_no_silence():
    facts = talked(*[(5, LEFT), (5, 0)] * 20)
    assert (facts.silence_s, facts.left_s) == (0, 4.0)


def test_a_pause_counts_as_nothing_else():
    facts = talked((50, LEFT), (100, PAUSED), (20, 0))
    assert (facts.paused_s, facts.silence_s, facts.left_s, facts.longest_silence_s) == (2.0, 0.4, 1.0, 0.4)


def test_nobody_said_a_word():
    facts = talked((50, 0))
    assert (facts.talking_s, facts.silence_s) == (0, 1.0)
    assert talk_facts(b"") == TalkFacts()


@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.sampled_from([0, LEFT, RIGHT, LEFT | RIGHT, PAUSED])), max_size=40
    )
)
def test_every_second_is_talk_silence_or_pause(spans):
    facts = talked(*spans)
    total = sum(ticks for ticks, _ in spans) * 0.02
    assert facts.talking_s + facts.silence_s + facts.paused_s == pytest.approx(total, abs=0.02)
    assert facts.left_s + facts.right_s - facts.both_s == pytest.approx(facts.talking_s, abs=0.02)
    assert facts.longest_silence_s <= facts.silence_s


def test_the_estimate_falls_with_loss_and_delay():
    good = mos_estimate(0.0, 20, 40)
    assert good == pytest.approx(4.39, abs=0.03), "R of about 92"
    assert good > mos_estimate(0.02, 20, 40) > mos_estimate(0.05, 20, 40) > mos_estimate(0.2, 20, 40) >= 1.0
    assert mos_estimate(0.0, 20, 40) > mos_estimate(0.0, 300, 40) > mos_estimate(0.0, 800, 40)
    assert mos_estimate(1.0, 5000, 400) == 1.0


@pytest.mark.parametrize("loud_rows", [[], [1], [0, 2, 3]])
def test_a_loud_voice_changes_nobody_elses_samples(loud_rows: list[int]) -> None:
    rng = np.random.default_rng(4)
    voices = rng.uniform(-20_000, 20_000, (4, 2, 160)).astype(np.float32)
    quiet = voices.astype(np.int16)
    voices[loud_rows] *= 4
    before = voices.copy()
    out = limited(voices)
    assert (out.shape, out.dtype) == ((4, 2, 160), np.int16)
    still = [row for row in range(4) if row not in loud_rows]
    assert np.array_equal(out[still], quiet[still])
    # each row is as if it had been alone
    assert all(np.array_equal(limited(row), each) for row, each in zip(voices, out, strict=True))
    assert np.array_equal(voices, before), "what was given is not touched"
