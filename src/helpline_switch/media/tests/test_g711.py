import numpy as np
import pytest

from helpline_switch.media import g711

EVERY = np.arange(256, dtype=np.uint8)[None, :]
A_LAW = np.array([1])


# Decision values of ITU-T G.711 tables 2a (u-law, 14 bit) and 1a (A-law, 13 bit), shifted to 16 bit.
@pytest.mark.parametrize(
    ("code", "value"), [(0x80, 8031 * 4), (0x8F, 4191 * 4), (0x9F, 2079 * 4), (0xFF, 0), (0xEF, 33 * 4 - 0)]
)
def test_ulaw_decodes_to_the_values_of_the_recommendation(code, value):
    assert g711.decode(np.array([[code]], np.uint8))[0, 0] == value
    if value:
        assert g711.decode(np.array([[code & 0x7F]], np.uint8))[0, 0] == -value


@pytest.mark.parametrize(
    ("bits", "value"), [(0b11111111, 4032), (0b11110000, 2112), (0b10000000, 1), (0b10100000, 66)]
)
def test_alaw_decodes_to_the_values_of_the_recommendation(bits, value):
    # The recommendation prints character signals before the inversion of the even bits.
    code = bits ^ 0x55
    assert g711.decode(np.array([[code]], np.uint8), A_LAW)[0, 0] == value * 8
    assert g711.decode(np.array([[code ^ 0x80]], np.uint8), A_LAW)[0, 0] == -value * 8


@pytest.mark.parametrize("laws", [None, A_LAW])
def test_every_code_survives_the_round_trip(laws):
    linear = g711.decode(EVERY, laws)
    again = g711.decode(g711.encode(linear.astype(np.int16), laws), laws)
    assert np.array_equal(linear, again)


@pytest.mark.parametrize("laws", [None, A_LAW])
def test_every_sample_becomes_the_nearest_step_of_its_segment(laws):
    linear = np.arange(-32768, 32768, dtype=np.int16)[None, :]
    back = g711.decode(g711.encode(linear, laws), laws)
    error = np.abs(back - linear)
    assert np.all(error <= np.maximum(np.abs(linear.astype(np.int32)) / 16, 16))


def test_mixed_laws_in_one_batch():
    laws = np.array([0, 1])
    quiet = g711.encode(np.zeros((2, 160), np.int16), laws)
    assert quiet[0].tobytes() == g711.SILENCE[g711.PCMU]
    assert quiet[1].tobytes() == g711.SILENCE[g711.PCMA]
    assert np.abs(g711.decode(quiet, laws)).max() <= 8
