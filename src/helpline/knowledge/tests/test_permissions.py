"""Who may open which page of articles."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.knowledge.tests.factories import ArticleFactory
from helpline.people.tests.factories import DeskFactory, UserFactory
from helpline.people.tests.permissions import ALL, wrongs

pytestmark = pytest.mark.django_db
WRITERS = {Role.SPECIALIST, Role.LEAD, Role.DESK_ADMIN}
WORKERS = {Role.AGENT, Role.SPECIALIST, Role.LEAD}

TABLE = [
    ("get", "/articles/", ALL),
    ("get", "/articles/{id}/", ALL),
    ("get", "/articles/new/", WRITERS),
    ("get", "/articles/{id}/edit/", WRITERS),
    ("post", "/articles/{id}/edit/", WRITERS),
    ("post", "/articles/{id}/used/", WORKERS),
]


@pytest.mark.parametrize(("method", "path", "allowed"), TABLE)
def test_table(method, path, allowed):
    article = ArticleFactory()
    assert wrongs(path.format(id=article.pk), method, allowed, article.desk, {"title": "T"}) == []


@pytest.mark.parametrize(("method", "path", "allowed"), [row for row in TABLE if "{id}" in row[1]])
def test_nothing_of_another_desk(method, path, allowed):
    article = ArticleFactory()
    client = Client()
    client.force_login(UserFactory(roles=[(DeskFactory(key="globex"), role) for role in Role]))
    assert getattr(client, method)(path.format(id=article.pk), {"title": "T"}).status_code == 404
