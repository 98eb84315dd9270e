"""The approved words are there in every language we speak, with the same placeholders."""

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from helpline.procedure import default, placeholders
from helpline.procedure.default import LANGUAGES

ROOM = Path(default.__file__).parent
CATALOGUES = ROOM.parent / "locale"


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_word_of_the_scripts_is_translated(language: str) -> None:
    with (CATALOGUES / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    spoken = [
        text
        for source in ("default.py", "placeholders.py")
        for _line, text, _comments, _context in extract_from_file(
            "python", ROOM / source, keywords={"_": None}
        )
    ]
    assert len(spoken) > 60
    for text in map(str, spoken):
        message = catalogue.get(text)
        assert message is not None, text
        assert message.string, text
        assert placeholders.used(str(message.string)) == placeholders.used(text), text


def test_the_caller_is_greeted_in_their_own_language() -> None:
    titles = {language: default.default_document(language).steps[0].title for language in LANGUAGES}
    assert titles == {
        "en": "Greeting",
        "nl": "Begroeting",
        "fi": "Tervehdys",
        "fr": "Accueil",
        "de": "Begrüßung",
        "ja": "ごあいさつ",
    }
