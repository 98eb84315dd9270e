"""Conditions as data: what a tree means, what is refused, and how it is said."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from helpline.core import conditions
from helpline.core.access import SYSTEM
from helpline.core.conditions import DEEPEST, MOST_CONDITIONS, Asking, Field, Kind
from helpline.core.errors import Invalid
from helpline.core.models import AuditRow

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ASKING = Asking(SYSTEM, NOW)
FIELDS = {
    "verb": Field(
        "Verb",
        Kind.CHOICE,
        "verb",
        choices=lambda _asking: [("open", "Opened"), ("close", "Closed"), ("note", "Note")],
    ),
    "who": Field("Who", Kind.TEXT, "actor_name", optional=True),
    "desk": Field(
        "Desk",
        Kind.CHOICE,
        "desk_id",
        optional=True,
        read=int,
        choices=lambda _asking: [("1", "Acme"), ("2", "Globex")],
    ),
    "number": Field("Number", Kind.NUMBER, "id"),
    "at": Field("At", Kind.MOMENT, "at"),
}


def is_(field, *values):
    return {"field": field, "operator": "is", "value": list(values)}


def leaf(field, operator, value=None):
    return {"field": field, "operator": operator, "value": value}


@pytest.fixture
def rows():
    """Days ago, verb, who, desk."""
    facts = [(0, "open", "Ada", 1), (2, "close", "Ben", 2), (9, "note", "", None), (30, "open", "Sven", 2)]
    return [
        AuditRow.objects.create(
            at=NOW - timedelta(days=days),
            verb=verb,
            actor_name=who,
            desk_id=desk,
            subject_kind="t",
            subject_id="1",
        ).pk
        for days, verb, who, desk in facts
    ]


def found(tree, rows):
    pks = AuditRow.objects.filter(conditions.as_q(tree, FIELDS, ASKING)).values_list("pk", flat=True)
    return [rows.index(pk) for pk in sorted(pks)]


@pytest.mark.parametrize(
    ("tree", "which"),
    [
        (is_("verb", "open"), [0, 3]),
        (is_("verb", "open", "note"), [0, 2, 3]),
        (leaf("verb", "is_not", ["open"]), [1, 2]),
        (leaf("desk", "is_not", ["2"]), [0, 2]),
        (leaf("desk", "is_empty"), [2]),
        (leaf("desk", "is_set"), [0, 1, 3]),
        (leaf("who", "contains", "e"), [1, 3]),
        (leaf("who", "contains_not", "E"), [0, 2]),
        (leaf("who", "is_empty"), [2]),
        (leaf("at", "last_days", "7"), [0, 1]),
        (leaf("at", "older_days", 7), [2, 3]),
        (leaf("at", "from_day", "2026-11-21"), [0, 1]),
        (leaf("at", "before_day", "2026-11-21"), [2, 3]),
        ({"all": []}, [0, 1, 2, 3]),
        ({"any": []}, []),
        ({"none": []}, [0, 1, 2, 3]),
        ({"all": [is_("verb", "open"), is_("desk", "2")]}, [3]),
        ({"any": [is_("verb", "note"), is_("desk", "1")]}, [0, 2]),
        ({"none": [is_("verb", "note"), is_("desk", "1")]}, [1, 3]),
        ({"all": [is_("desk", "2"), {"none": [is_("verb", "close")]}]}, [3]),
        ({"any": [{"all": [is_("verb", "open"), is_("desk", "1")]}, is_("verb", "close")]}, [0, 1]),
    ],
)
def test_a_tree_means_what_it_says(tree, which, rows):
    assert found(tree, rows) == which


def test_a_number_is_compared(rows):
    assert found(leaf("number", "at_least", str(rows[2])), rows) == [2, 3]
    assert found(leaf("number", "equals", rows[1]), rows) == [1]
    assert found(leaf("number", "at_most", rows[0]), rows) == [0]


def test_a_day_begins_at_midnight_where_the_person_is(rows):
    AuditRow.objects.filter(pk=rows[0]).update(at=datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    with timezone.override("Asia/Tokyo"):
        assert found(leaf("at", "from_day", "2026-11-23"), rows) == [0]
    assert found(leaf("at", "from_day", "2026-11-23"), rows) == []


@pytest.mark.parametrize(
    ("tree", "code", "word"),
    [
        (is_("mood", "bad"), "field", "mood"),
        (leaf("verb", "smells", "x"), "operator", "smells"),
        (leaf("verb", "is_empty"), "operator", "Verb"),
        (is_("verb"), "value", "Choose at least one"),
        (leaf("verb", "is", [1]), "value", "Verb"),
        (is_("verb", "erase"), "value", "Choose from the list"),
        (leaf("who", "contains", "  "), "value", "Type what to look for"),
        (leaf("who", "contains", ["x"]), "value", "Who"),
        (leaf("number", "equals", "1.5"), "value", "whole number"),
        (leaf("number", "equals", True), "value", "whole number"),
        (leaf("at", "last_days", "999999"), "value", "too many days"),
        (leaf("at", "from_day", "23.11.2026"), "value", "2026-11-23"),
        ({"some": []}, "conditions", "read"),
        ({"all": [], "any": []}, "conditions", "read"),
        ({"all": {}}, "conditions", "read"),
        ({"all": ["verb"]}, "conditions", "read"),
        ({}, "conditions", "read"),
        (leaf("verb", "is", ["open"]) | {"sql": "1"}, "conditions", "read"),
        ({"all": [is_("verb", "open")] * (MOST_CONDITIONS + 1)}, "conditions", "too many"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_words(tree, code, word):
    with pytest.raises(Invalid) as refused:
        conditions.check(tree, FIELDS, ASKING)
    assert refused.value.code == code
    assert word in str(refused.value.message)


def test_too_deep_is_refused():
    tree = is_("verb", "open")
    for _level in range(DEEPEST - 1):
        tree = {"all": [tree]}
    conditions.check(tree, FIELDS, ASKING)
    with pytest.raises(Invalid):
        conditions.check({"all": [tree]}, FIELDS, ASKING)


def test_a_choice_that_is_gone_finds_nothing_but_still_can_be_asked(rows):
    assert found(is_("verb", "erase"), rows) == []


def test_what_a_tree_demands_of_a_field():
    opened = is_("verb", "open", "note")
    assert conditions.demanded(opened, "verb") == {"open", "note"}
    assert conditions.demanded({"all": [is_("desk", "1"), {"all": [opened]}]}, "verb") == {"open", "note"}
    for no_demand in ({"any": [opened]}, {"none": [opened]}, {"all": [leaf("verb", "is_not", ["open"])]}):
        assert conditions.demanded(no_demand, "verb") is None


def test_a_tree_is_said_in_words():
    tree = {
        "all": [
            is_("verb", "open", "note"),
            {"any": [leaf("at", "last_days", "7"), leaf("desk", "is_empty")]},
            {"none": [leaf("who", "contains", "bot")]},
        ]
    }
    said = "Verb is Opened, Note; (At in the last 7 days or Desk is empty); not: Who contains bot"
    assert conditions.in_words(tree, FIELDS, ASKING) == said
