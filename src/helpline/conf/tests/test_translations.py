"""Every language says everything, and keeps the places where names and numbers go in."""

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
_PLACES = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def _catalogue(language: str) -> polib.POFile:
    (directory,) = settings.LOCALE_PATHS
    return polib.pofile(str(Path(directory) / language / "LC_MESSAGES" / "django.po"))


def _forms(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_untranslated_or_doubtful(language: str) -> None:
    catalogue = _catalogue(language)
    assert len(catalogue) > 900
    assert [entry.msgid for entry in catalogue if entry.fuzzy or not all(_forms(entry))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_and_numbers_keep_their_places(language: str) -> None:
    wrong = [
        (entry.msgid, form)
        for entry in _catalogue(language)
        for form in _forms(entry)
        if not set(_PLACES.findall(form)) <= set(_PLACES.findall(entry.msgid + entry.msgid_plural))
        or (not entry.msgid_plural and set(_PLACES.findall(form)) != set(_PLACES.findall(entry.msgid)))
    ]
    assert wrong == []


def test_all_languages_have_the_same_texts() -> None:
    texts = {
        language: {(entry.msgctxt, entry.msgid) for entry in _catalogue(language)} for language in LANGUAGES
    }
    assert len({frozenset(found) for found in texts.values()}) == 1
