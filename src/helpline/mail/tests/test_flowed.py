"""Paragraphs that Thunderbird broke into lines are paragraphs again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.mail.parsing.flowed import unflow
from helpline.mail.tests.letters import letter


@pytest.mark.parametrize(
    ("text", "delete_space", "whole"),
    [
        ("one \ntwo\nthree\n", False, "one two\nthree\n"),
        ("日本 \n語\n", True, "日本語\n"),
        ("> a \n> b\nnew \nline\n", False, "> a b\nnew line\n"),
        ("> a \nnew\n", False, "> a \nnew\n"),
        (">> deep \n>> er\n> less\n", False, ">> deep er\n> less\n"),
        ("text \n-- \nCarl\n", False, "text \n-- \nCarl\n"),
        (" From here\n  indented\n", False, "From here\n indented\n"),
        ("", False, ""),
    ],
)
def test_soft_breaks(text: str, delete_space: bool, whole: str) -> None:
    assert unflow(text, delete_space) == whole


@given(st.text(alphabet="ab> \n-", max_size=60))
def test_no_word_is_lost(text: str) -> None:
    told = unflow(text)
    assert [char for char in told if char in "ab-"] == [char for char in text if char in "ab-"]


def test_only_what_says_so_is_joined() -> None:
    text = "one \r\ntwo\r\n"
    assert letter(text, content_type="text/plain; charset=utf-8; format=flowed").text == "one two\n"
    assert letter(text).text == "one \ntwo\n"
