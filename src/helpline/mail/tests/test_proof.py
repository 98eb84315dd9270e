"""Ids that prove themselves: whoever names a ticket got mail about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.mail.threading import proof

KEY = b"k" * 32
OLD = b"o" * 32


@given(st.integers(0, 10**18 - 1), st.integers(0, 10**18 - 1))
def test_what_we_wrote_is_known_again(ticket: int, item: int) -> None:
    said = proof.message_id(KEY, ticket, item, "desk.example")
    assert proof.read_message_id([KEY], said) == proof.Proven(ticket, item)
    assert proof.read_message_id([KEY], said.upper()) == proof.Proven(ticket, item)
    assert proof.read_message_id([OLD], said) is None
    address = proof.plus_address(KEY, "support@desk.example", ticket)
    assert proof.read_plus_address([KEY], address) == ticket
    assert len(address.partition("@")[0]) <= 64


def test_the_same_item_has_the_same_id() -> None:
    assert proof.message_id(KEY, 1, 2, "desk.example") == proof.message_id(KEY, 1, 2, "desk.example")


def test_the_proof_is_long_enough() -> None:
    said = proof.message_id(KEY, 1, 2, "desk.example")
    assert said.startswith("<t.1.2.")
    assert len(said.split(".")[3].partition("@")[0]) * 5 >= 80


def test_another_ticket_needs_another_proof() -> None:
    said = proof.message_id(KEY, 12, 3, "desk.example")
    for other in (
        said.replace("t.12.3", "t.13.3"),
        said.replace("t.12.3", "t.12.4"),
        said.replace("t.12.3", "t.1.23"),
    ):
        assert proof.read_message_id([KEY], other) is None


def test_a_proof_serves_one_purpose() -> None:
    told = proof.message_id(KEY, 7, 0, "desk.example").split(".")[3].partition("@")[0]
    assert proof.read_plus_address([KEY], f"support+t.7.{told}@desk.example") is None


def test_a_key_can_be_replaced() -> None:
    said = proof.message_id(OLD, 5, 6, "desk.example")
    assert proof.read_message_id([KEY, OLD], said) == proof.Proven(5, 6)


def test_an_address_with_a_tag_gets_ours_instead() -> None:
    assert proof.plus_address(KEY, "support+de@desk.example", 4).startswith("support+t.4.")


@given(st.text(max_size=80))
def test_other_texts_are_not_ours(said: str) -> None:
    assert proof.read_message_id([KEY], said) is None
    assert proof.read_plus_address([KEY], said) is None


def test_wrong_use_is_refused() -> None:
    with pytest.raises(ValueError, match="key"):
        proof.message_id(b"short", 1, 1, "desk.example")
    with pytest.raises(ValueError, match="host"):
        proof.message_id(KEY, 1, 1, "desk.example>\r\nBcc: x")
    with pytest.raises(ValueError, match="address"):
        proof.plus_address(KEY, "support", 1)
    with pytest.raises(ValueError, match="number"):
        proof.message_id(KEY, -1, 1, "desk.example")
