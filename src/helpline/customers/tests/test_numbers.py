"""Numbers however written are one number (E.164 corpus)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpline.customers.numbers import e164, shown

CARL = "+31305550199"


@pytest.mark.parametrize(
    "written",
    [
        "+31305550199",
        "+31 30 555 0199",
        "+31 (0)30 555 0199",
        "0031 30 555 0199",
        "030-5550199",
        "030 / 555 01 99",
        "(030) 5550199",
        "030.555.0199",
        "  0305550199  ",
        "tel:+31-30-555-0199",
        "sip:+31305550199@provider.example;user=phone",
        "<sip:0305550199@10.0.0.1>",
        "sips:0031305550199@pbx.example",
        "０３０５５５０１９９",
        "+３１ ３０ ５５５ ０１９９",
        "030\u00a0555\u202f0199",
        "\u202a+31305550199\u202c",
    ],
)
def test_carls_number(written):
    assert e164(written, "NL") == CARL


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("030 23125010", "DE", "+493023125010"),
        ("(030) 23125-010", "DE", "+493023125010"),
        ("+49 (30) 23125/010", "NL", "+493023125010"),
        ("00493023125010", "NL", "+493023125010"),
        ("020 7946 0010", "GB", "+442079460010"),
        ("01 99 00 00 10", "FR", "+33199000010"),
        ("03-5550-0110", "JP", "+81355500110"),
        ("０３（５５５０）０１１０", "JP", "+81355500110"),
        ("09 5550 1010", "FI", "+358955501010"),
        ("(212) 555-0147", "US", "+12125550147"),
        ("011 31 30 555 0199", "US", CARL),
    ],
)
def test_numbers_of_other_countries(written, country, expected):
    assert e164(written, country) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [("100", "100"), ("1-00", "100"), ("sip:200@helpline", "200"), ("112", "112"), ("4711", "4711")],
)
def test_short_numbers_stay_as_they_are(written, expected):
    assert e164(written, "NL") == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("anonymous", "anonymous"),
        ("sip:ada@helpline", "ada"),
        ("", ""),
        ("  ", ""),
        ("unknown caller", "unknown caller"),
        ("123456789012345678", "123456789012345678"),
    ],
)
def test_what_is_no_number_is_left_alone(written, expected):
    assert e164(written, "NL") == expected


@example("0000000")
@example("010000:0")
@example("sip:sip: 1")
@given(st.one_of(st.text(max_size=40), st.text(alphabet="+0123456789 ()-./#*;", max_size=25)))
def test_any_text_gives_a_text_and_twice_is_once(written):
    once = e164(written, "NL")
    assert e164(once, "NL") == once


def test_shown_as_people_write_it():
    assert shown(CARL) == "+31 30 555 0199"
    assert shown("100") == "100"
    assert shown("+999") == "+999"
