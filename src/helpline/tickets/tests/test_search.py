"""Search of tickets: known items in six languages, numbers however written, names with a slip, and the gate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.personal import Asked
from helpline.customers import actions as customers
from helpline.customers.models import EmailAddress, Organisation
from helpline.customers.person import person_of
from helpline.customers.tests.factories import ContactFactory, carl
from helpline.people.tests.factories import DeskFactory, actor
from helpline.tickets import actions, personal, queries
from helpline.tickets.filters import Filters
from helpline.tickets.models import SearchPart, SearchText, SearchWord
from helpline.tickets.search import finding, index, rebuilding, spelling, text
from helpline.tickets.tests.factories import PriorityFactory

#: language -> what a ticket says, and what people type to find it
KNOWN = {
    "en": ("The Wi-Fi printers in Room A-2231 won't connect", ["wifi", "Wi-Fi", "PRINTER", "a2231", "A-2231", "connect"]),
    "nl": ("Coördinatie: beeldschermverbinding valt weg", ["coordinatie", "scherm", "verbinding", "beeldschermen"[:11]]),
    "fi": ("Verkkoyhteys katkeaa työasemalla", ["yhteys", "verkko", "tyoasema", "TYÖASEMA", "yhtey"]),
    "fr": ("L'écran reste noir après la mise à jour", ["ecran", "ÉCRAN", "apres", "mise noir"]),
    "de": ("Müllers Bildschirm: Schlüssel für Straße fehlt", ["muller", "mueller", "MÜLLER", "schluessel", "strasse", "schirm"]),
    "ja": ("プリンターが印刷できません。東京支社のパソコン", ["プリンタ", "ぷりんた", "印刷", "東京", "ﾊﾟｿｺﾝ", "社"]),
}  # fmt: skip


@pytest.fixture
def ada(db):
    PriorityFactory()
    return actor("ada", Role.AGENT)


@pytest.fixture
def desk(ada):
    return DeskFactory()


def opened(desk, subject, **fields):
    return actions.open_ticket(SYSTEM, desk, subject, **fields)


def found(who, query):
    return queries.search(who, query, 10)


@pytest.mark.parametrize("language", KNOWN)
@pytest.mark.parametrize("place", ["subject", "mail"])
def test_known_items(ada, desk, language, place):
    said, typed = KNOWN[language]
    for other in KNOWN:
        if other != language:
            opened(desk, KNOWN[other][0])
    it = opened(desk, said if place == "subject" else "Help")
    if place == "mail":
        actions.add_mail(SYSTEM, it, said)
    for query in typed:
        assert found(ada, query) == [it], query


def test_umlauts_either_way(ada, desk):
    tickets = [opened(desk, f"{name} ruft an") for name in ("Müller", "Mueller", "Muller")]
    for query in ("müller", "mueller", "muller"):
        assert set(found(ada, query)) == set(tickets)


@pytest.mark.parametrize(
    "query",
    [
        "+31 30 555 0199",
        "030 555 0199",
        "0031305550199",
        "+31 (0)30-5550199",
        "5550199",
        "jansen 030 5550199",
    ],
)
def test_a_number_however_written(ada, desk, query):
    it = opened(desk, "Call me", requester=carl())
    opened(desk, "Not me")
    assert found(ada, query) == [it]


@pytest.mark.parametrize("written", ["030 - 555 01 99", "+31305550199", "0031 30 555 0199"])
def test_a_number_written_in_a_mail(ada, desk, written):
    it = opened(desk, "Call me")
    actions.add_mail(SYSTEM, it, f"My new number is {written}, thanks")
    assert found(ada, "+31 30 5550199") == found(ada, "0305550199") == [it]


@pytest.mark.parametrize(
    "query", ["jansen", "jansn", "jasnen", "janssen", "jamsen", "carl jansem vpn", "C-1042"]
)
def test_names_with_a_slip(ada, desk, query):
    it = opened(desk, "VPN drops", requester=carl())
    opened(desk, "VPN drops too")
    assert found(ada, query) == [it]


def test_addresses_organisations_files_and_the_ticket_number(ada, desk):
    who = ContactFactory(
        desk=desk, name="Zoë Vermeer", organisation=Organisation.objects.create(desk=desk, name="Globex")
    )
    EmailAddress.objects.create(contact=who, address="zoe@globex.example")
    it = opened(desk, "Scan", requester=who)
    opened(desk, "Other")
    actions.index_text(SYSTEM, it, ["Übersicht_2026.pdf"], names=["Quentin Smythe"])
    for query in (
        "zoe@globex.example",
        "globex",
        "vermeer",
        "ubersicht",
        "2026.pdf",
        "smith",
        f"#{it.number}",
    ):
        assert found(ada, query) == ([it] if query != "smith" else []), query
    assert found(ada, "smyte") == [it]


def test_words_of_different_items_are_found_together(ada, desk):
    it = opened(desk, "Dock", requester=carl())
    actions.add_note(SYSTEM, it, "Firmware is old")
    assert found(ada, "firmware jansen dock") == [it]
    assert found(ada, "firmware jansen printer") == []


def test_a_change_is_found_and_what_was_before_is_not(ada, desk):
    it = opened(desk, "Dock")
    actions.change(SYSTEM, it, subject="Monitor", requester=carl())
    assert found(ada, "monitor jansen") == [it]
    assert found(ada, "dock") == []


def test_only_tickets_of_the_persons_desks(ada, desk):
    opened(DeskFactory(key="globex"), "Dock")
    mine = opened(desk, "Dock")
    assert found(ada, "dock") == [mine]
    assert found(actor("phil", Role.PHONE_ADMIN), "dock") == []
    assert queries.listing(ada, Filters(text="dock")).rows == [mine]


@pytest.mark.parametrize("named", [1, 2, 3, 1_000])
def test_a_list_holds_all_that_fit_named_one_by_one_or_not(ada, desk, monkeypatch, named):
    monkeypatch.setattr(finding, "MOST_NAMED", named)
    fitting = {opened(desk, f"Dock {number} is warm") for number in range(3)}
    opened(desk, "The lamp is dark")
    opened(DeskFactory(key="globex"), "Dock of a stranger")
    assert set(queries.listing(ada, Filters(text="dock")).rows) == fitting


@pytest.mark.parametrize(
    "query", ["", " ", "'", '"', "dock' & !x", 'dock" OR "', "%", "_", "\\", "-", "desk_1", "\x00"]
)
def test_signs_of_the_query_language_are_only_signs(ada, desk, query):
    opened(desk, "VPN")
    assert found(ada, query) == []
    queries.listing(ada, Filters(text=query))


def test_a_search_asks_few_questions(ada, desk, django_assert_max_num_queries):
    for number in range(30):
        opened(desk, f"Printer {number}", requester=carl() if number == 3 else None)
    with django_assert_max_num_queries(4):
        assert len(found(ada, "printer")) == 10
    with django_assert_max_num_queries(6):
        assert len(found(ada, "jansne printer")) == 1


def test_filing_a_mail_asks_few_questions_for_the_index(ada, desk, django_assert_max_num_queries):
    it = opened(desk, "Dock")
    with django_assert_max_num_queries(8):
        index.add(it, ["Twenty new words " + " ".join(f"wort{number}" for number in range(20))])


def test_a_rebuild_finds_the_same(ada, desk):
    it = opened(desk, "Verkkoyhteys", requester=carl())
    actions.add_mail(SYSTEM, it, "プリンター")
    before = SearchText.objects.get(pk=it.pk).terms
    SearchText.objects.all().delete()
    SearchWord.objects.all().delete()
    assert found(ada, "yhteys") == []
    told = []
    assert rebuilding.rebuild(lambda done, every: told.append((done, every))) == 1
    assert told[-1] == (1, 1)
    assert SearchText.objects.get(pk=it.pk).terms == before
    assert found(ada, "yhteys プリンタ jansem") == [it]


def test_a_new_name_finds_older_tickets(ada, desk):
    who = carl()
    it = opened(desk, "Dock", requester=who)
    customers.edit_contact(SYSTEM, who, name="Karel Smit")
    rebuilding.refresh_contact.call(who.pk)
    assert found(ada, "smit") == [it]
    assert found(ada, "jansen") == []


def test_an_erased_person_is_found_no_more_and_leaves_no_word(ada, desk):
    who = carl()
    it = opened(desk, "Dock", requester=who)
    actions.add_mail(SYSTEM, it, "Carl Jansen here, the dock is dead", contact=who)
    other = opened(desk, "Dock of Carl Jansen")
    personal.forget(Asked(person_of(who), SYSTEM, SYSTEM_CLOCK))
    assert found(ada, "jansen") == found(ada, "+31305550199") == []
    assert set(found(ada, "dock")) == {it, other}
    assert not SearchWord.objects.filter(word="jansen").exists()
    assert not SearchPart.objects.filter(word="jansen").exists()


def test_tickets_put_in_at_once_are_found_after_the_periodic_duty(ada, desk):
    it = opened(desk, "Dock")
    SearchText.objects.all().delete()
    assert found(ada, "dock") == []
    rebuilding.fill_gaps()
    assert found(ada, "dock") == [it]


@given(st.text(max_size=80))
def test_a_text_is_found_by_itself(said):
    terms = text.index_terms(said)
    for word in text.asked(said):
        assert any(all(any(form in terms for form in slot) for slot in way) for way in word.ways)


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_more_and_case_does_not_matter(said):
    once = text.fold(said)
    assert text.fold(once) == once


@given(st.text(max_size=200))
def test_terms_are_fit_for_both_indexes(said):
    for term in text.index_terms(said, "NL"):
        assert 0 < len(term) <= text.LONGEST
        assert not set(term) & set(" '\"_\\\x00")


@given(st.text("abc", min_size=1, max_size=6), st.data())
def test_one_slip_is_one_slip(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    for other in (word[:at] + word[at + 1 :], word[:at] + "x" + word[at:], word[:at] + "x" + word[at + 1 :]):
        assert spelling.one_slip(word, other)
        assert spelling.variants(word) & spelling.variants(other)
    assert not spelling.one_slip(word, word + "xx")
