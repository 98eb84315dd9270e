"""Several reads in one question: the same rows as each would give alone."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Count, QuerySet

from helpline.core.together import together
from helpline.people.models import Desk, RoleGrant, User
from helpline.telephony.models import Call, Leg, Recording

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 5, 9, 0, 0, 250000, tzinfo=UTC)


@pytest.fixture(autouse=True)
def carl_calls() -> None:
    acme = Desk.objects.create(key="acme", name="Acme “IT”, 100 %")
    for name in ("ada", "ben"):
        user = User.objects.create(username=name, first_name=name.title())
        RoleGrant.objects.create(user=user, desk=acme, role="agent")
    call = Call.objects.create(desk=acme, started_at=NOW, wait_s=Decimal("12.345"), from_name="田中 花子")
    for name in ("caller", "agent"):
        Leg.objects.create(id=f"{name}-1", call=call, role=name, created_at=NOW, muted=name == "agent")
    Recording.objects.create(call=call, name="r1", started_at=NOW, pauses=[[1000, None]])


def asked() -> list[QuerySet[Any, Any]]:
    return [
        User.objects.order_by("-username"),
        Leg.objects.select_related("call__desk", "user").order_by("id"),
        Recording.objects.all(),
        User.objects.filter(pk__in=[]),
        Desk.objects.annotate(people=Count("grants")).filter(name__contains="100 %"),
        RoleGrant.objects.order_by("user__username").values_list("user__username", "desk__name")[:1],
    ]


def everything(row: Any) -> object:
    return {key: value for key, value in vars(row).items() if key != "_state"} if hasattr(row, "pk") else row


def test_the_rows_are_those_each_gives_alone() -> None:
    shared = asked()
    together(*shared)
    for one, alone in zip(shared, asked(), strict=True):
        assert [everything(row) for row in one] == [everything(row) for row in alone]


def test_it_is_one_question_related_rows_included(django_assert_num_queries: Any) -> None:
    shared = asked()
    with django_assert_num_queries(1):
        together(*shared)
        legs = list(shared[1])
        assert legs[0].call.wait_s == Decimal("12.345")
        assert legs[0].call.desk.name == "Acme “IT”, 100 %"
        assert next(iter(shared[2])).pauses == [[1000, None]]


def test_prefetches_are_asked_as_always(django_assert_num_queries: Any) -> None:
    calls = Call.objects.prefetch_related("legs")
    with django_assert_num_queries(2):
        together(calls, Desk.objects.all())
        assert {leg.pk for leg in calls[0].legs.all()} == {"caller-1", "agent-1"}


def test_a_narrower_question_afterwards_is_asked_anew() -> None:
    users = User.objects.order_by("username")
    together(users, Desk.objects.all())
    assert [user.username for user in users.filter(username="ben")] == ["ben"]


def test_nothing_to_read_asks_nothing(django_assert_num_queries: Any) -> None:
    nobody = User.objects.filter(pk__in=[])
    with django_assert_num_queries(0):
        together(nobody)
        assert not list(nobody)
