"""The page that says which test shows which rule of SIP tells the truth."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[3] / "docs" / "sip.md"
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def rows():
    """The rows of every table with a test in it, split into cells."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if NAMED.search(line)]


def names_in(file):
    tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.fixture(autouse=True)
def checkout():
    if not PAGE.exists():
        pytest.skip("no checkout: the documentation is not there")


def test_every_test_named_on_the_page_exists():
    named = set(NAMED.findall(PAGE.read_text(encoding="utf-8")))
    assert len(named) > 90
    there = {file: names_in(file) for file in {file for file, _ in named} if (HERE / file).exists()}
    assert sorted(f"{file}::{name}" for file, name in named if name not in there.get(file, set())) == []


def test_every_row_has_a_rule_a_section_and_a_test():
    for cells in rows():
        assert len(cells) == 3, cells
        rule, section, test = cells
        assert len(rule) > 10, cells
        assert re.match(r"\d{4}( \d|$|,)", section), cells
        assert NAMED.search(test), cells


def test_every_test_of_a_theme_is_on_the_page():
    """The files that were written rule by rule have no test that shows nothing."""
    named = {name for _, name in NAMED.findall(PAGE.read_text(encoding="utf-8"))}
    themes = ("transactions", "offers", "update_method", "reliable_provisionals", "session_timers", "refer")
    written = {name for theme in themes for name in names_in(f"test_{theme}.py") if name.startswith("test_")}
    assert sorted(written - named) == []
