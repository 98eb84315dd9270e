"""Addresses in plain text become links; nothing else becomes anything."""

import time

import pytest

from helpline.mail.letters.linked_text import linked


@pytest.mark.parametrize(
    ("text", "url", "after"),
    [
        ("see https://acme.example/a.", "https://acme.example/a", "."),
        ("(https://acme.example/a)", "https://acme.example/a", ")"),
        ("https://acme.example/a_(b)", "https://acme.example/a_(b)", ""),
        ("https://acme.example/?a=1&b=2!", "https://acme.example/?a=1&amp;b=2", "!"),
        ("<https://acme.example/>", "https://acme.example/", "&gt;"),
        ("HTTP://ACME.example", "HTTP://ACME.example", ""),
        ("「https://acme.example/a」", "https://acme.example/a", "」"),
        ("https://acme.example/a。次", "https://acme.example/a", "。次"),
    ],
)
def test_where_an_address_ends(text: str, url: str, after: str) -> None:
    link = f'<a href="{url}" target="_blank" rel="noopener noreferrer nofollow">{url}</a>'
    assert f"{link}{after}" in linked(text)
    assert linked(text).endswith(after)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "www.acme.example",
        "https://",
        'https://"onclick=alert(1)',
        "ftp://x/y",
    ],
)
def test_what_is_no_link(text: str) -> None:
    assert "<a" not in linked(text)


def test_everything_is_escaped() -> None:
    shown = linked('<img src=x onerror=alert(1)> https://x.example/"onmouseover="alert(1) \'</a>')
    assert "<img" not in shown
    assert 'href="https://x.example/"' in shown
    assert "&quot;onmouseover=" in shown
    assert shown.count("<a ") == shown.count("</a>") == 1


def test_a_long_hostile_text_takes_no_time() -> None:
    began = time.perf_counter()
    linked("https://" + "(" * 200_000)
    linked("https://a" + ".,:" * 100_000)
    assert time.perf_counter() - began < 5
