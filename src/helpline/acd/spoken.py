"""The picture of a number with the words as callers hear them."""

from dataclasses import replace

from helpline.acd.prompts import PromptBook
from helpline.acd.shown import EntryPointLine


def spoken(line: EntryPointLine) -> EntryPointLine:
    """With the desk's name filled in, and the house's own greeting where the desk has none."""
    reference = f"greeting:{line.id}"
    book = PromptBook({reference: {line.language: line.greeting}}, {reference: line.desk_name})
    menu = line.menu_prompt.replace("{desk}", line.desk_name)
    return replace(line, greeting=book.words(reference, line.language), menu_prompt=menu)
