"""Articles: written, found, suggested, counted."""

import pytest
from django.test import Client

from helpline.core.access import Role
from helpline.core.errors import Invalid, NotAllowed, NotFound
from helpline.core.models import AuditRow
from helpline.knowledge import access, actions, queries
from helpline.knowledge.models import Article
from helpline.knowledge.tests.factories import ArticleFactory
from helpline.people.tests.factories import DeskFactory, actor, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf():
    return {
        "vpn": ArticleFactory(title="VPN drops", category_path="Network > VPN", keywords="gateway 809"),
        "wifi": ArticleFactory(title="No Wi-Fi", category_path="Network > Wi-Fi", used_count=9),
        "toner": ArticleFactory(
            title="Blank pages", category_path="Hardware > Printer", keywords="toner printer"
        ),
    }


def test_the_same_category_comes_first_then_its_branch(shelf):
    assert queries.suggest(DeskFactory(), "Network > VPN") == [shelf["vpn"], shelf["wifi"]]


def test_words_of_the_problem_count(shelf):
    assert queries.suggest(DeskFactory(), "", "the Printer, it is empty!") == [shelf["toner"]]
    by_words = queries.suggest(DeskFactory(), "Network > Wi-Fi", "gateway 809")
    assert by_words == [shelf["vpn"], shelf["wifi"]], "two words of the article outweigh its category"


def test_nothing_known_suggests_nothing(shelf):
    assert queries.suggest(DeskFactory()) == []
    assert queries.suggest(DeskFactory(), "", "is it ok") == []
    assert queries.suggest(DeskFactory(key="globex"), "Network > VPN") == []


def test_search_wants_every_word(shelf):
    ada = actor("ada", Role.AGENT)
    assert list(queries.search(ada, "vpn drops")) == [shelf["vpn"]]
    assert list(queries.search(ada, "vpn toner")) == []
    assert list(queries.search(ada, "")) == [shelf["wifi"], shelf["toner"], shelf["vpn"]]


def test_that_it_helped_is_counted_with_the_call(shelf):
    ada = actor("ada", Role.AGENT)
    actions.used(ada, shelf["vpn"])
    actions.used(ada, Article.objects.get(pk=shelf["vpn"].pk))
    assert Article.objects.get(pk=shelf["vpn"].pk).used_count == 2
    assert AuditRow.objects.filter(verb="used").count() == 2


def test_an_agent_reads_and_a_specialist_writes():
    desk = DeskFactory()
    with pytest.raises(NotAllowed):
        actions.save_article(actor("ada", Role.AGENT), desk, title="T", body="B")
    sven = actor("sven", Role.SPECIALIST)
    article = actions.save_article(sven, desk, title=" T ", body="B")
    assert (article.title, article.updated_by_id) == ("T", sven.user_id)
    with pytest.raises(Invalid):
        actions.save_article(sven, desk, title="T", body=" ")


def test_articles_of_another_desk_do_not_exist(shelf):
    with pytest.raises(NotFound):
        access.article(actor("eve", Role.LEAD, desk=DeskFactory(key="globex")), shelf["vpn"].pk)


def test_sven_writes_one_on_the_page_and_ada_says_that_it_helped():
    sven, ada = Client(), Client()
    sven.force_login(person("sven", Role.SPECIALIST))
    ada.force_login(person("ada", Role.AGENT))
    assert "No articles yet" in ada.get("/articles/").content.decode()
    facts = {
        "desk": DeskFactory().pk,
        "title": "VPN drops",
        "body": "Choose Berlin.\n\nConnect.",
        "language": "en",
    }
    where = sven.post("/articles/new/", facts)["Location"]
    page = ada.get(where).content.decode()
    assert page.count("<li>Choose Berlin.</li>") == 1
    assert ada.post(f"{where}used/", {"call_id": ""}).status_code == 302
    assert "helped 1 time" in ada.get("/articles/?text=vpn").content.decode()
    assert sven.post(f"{where}edit/", {"title": "", "body": "x"}).status_code == 422
    assert sven.post(f"{where}used/", {"call_id": "7"}).status_code == 422
