"""A document says at which place it is wrong; the default one is right in every language."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.procedure import edit_form, placeholders
from helpline.procedure.default import LANGUAGES, default_document
from helpline.procedure.parsing import DocumentInvalid, parse, to_data
from helpline.procedure.publishing import differences


@pytest.fixture
def data() -> dict[str, Any]:
    return to_data(default_document("en"))


def places(data: object) -> dict[str, str]:
    with pytest.raises(DocumentInvalid) as caught:
        parse(data)
    return {problem.place: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_seven_steps_stand_in_every_language(language: str) -> None:
    document = default_document(language)
    assert [step.key for step in document.steps] == [
        "greeting",
        "listen",
        "troubleshoot",
        "diagnose",
        "explain",
        "solve",
        "goodbye",
    ]
    assert {"desk", "agent"} <= placeholders.used(document.steps[0].say)
    told = next(way for way in document.gate("closing").ways if way.key == "next_steps_told")
    assert placeholders.used(told.say) == {"ticket", "next_steps", "due"}
    assert parse(to_data(document)) == document


def test_a_language_we_do_not_speak_gets_the_english_words() -> None:
    assert default_document("xx") == default_document("en")


def test_every_wrong_place_is_named_at_once(data: dict[str, Any]) -> None:
    data["steps"][1]["say"] = "Hello {name}"
    data["steps"][2]["fields"][0]["kind"] = "guess"
    data["steps"][3]["title"] = " "
    found = places(data)
    assert "{name}" in found["steps[1].say"]
    assert "{caller}" in found["steps[1].say"]
    assert set(found) == {"steps[1].say", "steps[2].fields[0].kind", "steps[3].title"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda data: data.update(steps=[]), "steps"),
        (lambda data: data.update(steps="no list"), "steps"),
        (lambda data: data["steps"].append("no object"), "steps[7]"),
        (lambda data: data["steps"][1].update(key="greeting"), "steps[1].key"),
        (lambda data: data["steps"][1].update(key="Über"), "steps[1].key"),
        (lambda data: data["steps"][1]["ticks"][0].update(key="greeted"), "steps[1].ticks[0].key"),
        (lambda data: data["steps"][0].update(say="Good day {desk"), "steps[0].say"),
        (lambda data: data["steps"][0].update(per="year"), "steps[0].per"),
        (lambda data: data["steps"][0].update(tools=["hammer"]), "steps[0].tools[0]"),
        (lambda data: data["steps"][0]["ticks"][0].update(required="yes"), "steps[0].ticks[0].required"),
        (
            lambda data: data["steps"][1]["fields"][0].update(saves_to="ticket.soul"),
            "steps[1].fields[0].saves_to",
        ),
        (lambda data: data["steps"][1]["fields"][0].update(kind="team"), "steps[1].fields[0].saves_to"),
        (lambda data: data["steps"][1]["fields"][1].update(kind="choice"), "steps[1].fields[1].choices"),
        (lambda data: data["gates"].pop(0), "gates"),
        (lambda data: data["gates"][0].update(step="nowhere"), "gates[0].step"),
        (lambda data: data["gates"][0].update(ways=[]), "gates[0].ways"),
        (lambda data: data["gates"][0].update(protects=["fly"]), "gates[0].protects[0]"),
        (lambda data: data["gates"][1]["ways"].pop(), "gates[1].ways"),
        (lambda data: data["gates"][1]["ways"][0].update(key="gone"), "gates[1].ways[0].key"),
        (lambda data: data.update(language=7), "document.language"),
    ],
)
def test_each_fault_is_found_at_its_place(data: dict[str, Any], change: Any, place: str) -> None:
    change(data)
    assert place in places(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda part: (
            st.lists(part)
            | st.dictionaries(
                st.sampled_from(["steps", "gates", "language", "key", "fields", "ticks", "ways", "say"]), part
            )
        ),
    )
)
def test_no_data_breaks_the_reader(data: object) -> None:
    assert places(data)


def test_a_script_shows_what_nobody_knows_yet() -> None:
    text = "Good day, {desk}. Thank you, {caller}."
    pieces = placeholders.fill(text, {"desk": "Acme"})
    assert [piece.text for piece in pieces if piece.missing] == ["name of the caller"]
    assert placeholders.plain(text, {"desk": "Acme", "caller": "Carl"}) == "Good day, Acme. Thank you, Carl."
    assert placeholders.plain(text, {}) == "Good day, [name of the desk]. Thank you, [name of the caller]."


def test_braces_of_a_fact_are_words_not_placeholders() -> None:
    assert placeholders.plain("Thank you, {caller}.", {"caller": "{desk}"}) == "Thank you, {desk}."


def test_an_edited_step_keeps_its_keys_and_fields() -> None:
    document = default_document("en")
    typed = {
        "greeting-say": "Hello, {desk}.\r\nThis is {agent}.",
        "greeting-ticks": "*Said the desk's name and mine\r\nSmiled",
        "closing-solved-label": "All is well",
    }
    changed = parse(edit_form.edited(document, typed))
    greeting = changed.steps[0]
    assert greeting.say == "Hello, {desk}.\nThis is {agent}."
    assert [(tick.key, tick.required) for tick in greeting.ticks] == [("greeted", True), ("smiled", False)]
    assert greeting.fields == document.steps[0].fields
    assert changed.gate("closing").ways[0].label == "All is well"
    assert changed.steps[1:] == document.steps[1:]


def test_two_new_ticks_with_the_same_words_get_two_keys() -> None:
    changed = parse(edit_form.edited(default_document("en"), {"explain-ticks": "Smiled\nSmiled\n日本語"}))
    keys = [tick.key for tick in changed.steps[4].ticks]
    assert len(set(keys)) == 3


def test_a_comparison_shows_only_what_differs() -> None:
    before = default_document("en")
    after = parse(edit_form.edited(before, {"listen-aim": "The caller feels heard."}))
    lines = differences(before, after)
    assert [line.text for line in lines if line.sign == "+"] == ["Aim: The caller feels heard."]
    assert len([line for line in lines if line.sign == "-"]) == 1
    assert differences(before, before) == []
