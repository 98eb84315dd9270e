"""A filter with a slip of the pen is refused on every list: passed over it would give everything."""

import pytest

from helpline.api.interface import api
from helpline.api.tests.conftest import Ask
from helpline.procedure.tests.story import Story

LISTS = {
    "/calls": "queue",
    "/tickets": "assignee",
    "/inbound": "from",
    "/outbound": "in_reply_to",
    "/agents": "",
    "/queues": "",
}


def test_these_are_all_lists(story: Story) -> None:
    """A GET address without a place for an id is a list."""
    paths = api.get_openapi_schema()["paths"]
    found = {path for path, verbs in paths.items() if "get" in verbs and "{" not in path}
    assert {path.removeprefix("/api/v1").rstrip("/") for path in found} == set(LISTS)


@pytest.mark.parametrize("path", LISTS)
def test_an_unknown_filter_is_named(story: Story, ask: Ask, path: str) -> None:
    assert ask(story.lena, "GET", path).status_code == 200
    answer = ask(story.lena, "GET", f"{path}?sender=carl&limmit=3")
    assert answer.status_code == 422
    told = answer.json()
    assert (told["code"], told["message"]) == ("unknown_filter", "There are no filters limmit, sender.")
    assert LISTS[path] in told["help"]
    assert ("Known are" in told["help"]) == bool(LISTS[path])


@pytest.mark.parametrize("path", [path for path, known in LISTS.items() if known])
def test_one_among_known_ones_is_refused_too(story: Story, ask: Ask, path: str) -> None:
    assert ask(story.lena, "GET", f"{path}?limit=3").status_code == 200
    answer = ask(story.lena, "GET", f"{path}?limit=3&from_=carl")
    assert (answer.status_code, answer.json()["message"]) == (422, "There is no filter from_.")
