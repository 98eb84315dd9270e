"""Articles for tests."""

import factory

from helpline.knowledge.models import Article
from helpline.people.tests.factories import NOW, DeskFactory


class ArticleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Article

    desk = factory.SubFactory(DeskFactory)
    title = factory.Sequence(lambda number: f"Article {number}")
    body = "First.\nSecond."
    updated_at = NOW
