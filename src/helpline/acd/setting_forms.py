"""Forms of the phone administrator: numbers, keys of a menu, queues, what they ask for, tips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from helpline.acd.actions import ChoiceFacts, FirstNumber, NumberFacts, QueueFacts, TipFacts
from helpline.acd.models import EntryPoint, MenuChoice, Queue, Tip
from helpline.acd.number_setting import KEYS
from helpline.people.forms import dress
from helpline.people.models import Desk

Data = Mapping[str, Any] | None
Pairs = Sequence[tuple[object, object]]
#: the usual number of rows for skills of a key
SKILL_ROWS = 2


@dataclass(frozen=True, slots=True)
class Offered:
    """What a desk has to choose from, read once for all forms of a page: (value, label)."""

    queues: Pairs
    categories: Pairs = ()
    skills: Pairs = ()


@dataclass(frozen=True, slots=True)
class Words:
    """A text in all languages: the desk's own first, the others out of the way."""

    first: forms.BoundField
    others: tuple[forms.BoundField, ...]
    #: whether another language has words
    more: bool


class WordsForm(forms.Form):
    """A form with texts per language, as fields `greeting_en`, `greeting_nl`, ..."""

    main_language = "en"

    def add_words(self, name: str, label: object, known: Mapping[str, str], hint: object = "") -> None:
        """Add the fields of one text; the field of the main language is named like the text."""
        for language, spoken in settings.LANGUAGES:
            first = language == self.main_language
            self.fields[f"{name}_{language}"] = forms.CharField(
                label=f"{label} ({spoken})" if first else str(spoken),
                required=False,
                initial=known.get(language, ""),
                max_length=2000,
                help_text=str(hint) if first else "",
                widget=forms.Textarea(attrs={"rows": 3 if first else 2, "lang": language}),
            )

    def words(self, name: str) -> Words:
        """The fields of a text, for the page."""
        rest = tuple(
            self[f"{name}_{code}"] for code, _name in settings.LANGUAGES if code != self.main_language
        )
        return Words(self[f"{name}_{self.main_language}"], rest, any(field.value() for field in rest))

    def texts(self, name: str) -> dict[str, str]:
        """Language -> what was typed."""
        return {code: self.cleaned_data[f"{name}_{code}"] for code, _name in settings.LANGUAGES}


class FirstNumberForm(forms.Form):
    """The first number of a desk: everything has a default."""

    number = forms.CharField(
        label=_("Number"), max_length=40, help_text=_("What callers dial: an extension or an outside number.")
    )
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("For your colleagues."))
    language = forms.ChoiceField(label=_("Language of the callers"), choices=settings.LANGUAGES)
    greeting = forms.CharField(
        label=_("Greeting"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Spoken by the desk's voice. {desk} becomes the name of the desk."),
    )
    queue_name = forms.CharField(
        label=_("Queue"), max_length=80, help_text=_("Where callers wait; every agent of the desk gets them.")
    )

    def __init__(self, desk: Desk, data: Data = None, number: str = "") -> None:
        with translation.override(desk.language):
            queue, greeting = gettext("Help desk"), gettext("Welcome to %(desk)s.") % {"desk": "{desk}"}
        start = {"number": number, "name": desk.name[:80], "queue_name": queue, "greeting": greeting}
        super().__init__(data, initial={**start, "language": desk.language})
        dress(self)

    def facts(self) -> FirstNumber:
        return FirstNumber(**self.cleaned_data)


class NumberForm(WordsForm):
    """A number: what callers hear and where they go."""

    number = forms.CharField(label=_("Number"), max_length=40)
    name = forms.CharField(label=_("Name"), max_length=80)
    language = forms.ChoiceField(label=_("Language of the callers"), choices=settings.LANGUAGES)
    queue = forms.TypedChoiceField(label=_("Queue of those who choose nothing"), coerce=int)
    menu_timeout_s = forms.IntegerField(
        label=_("Seconds to press a key"), min_value=2, max_value=60, initial=8
    )
    menu_retries = forms.IntegerField(label=_("Asked again"), min_value=0, max_value=5, initial=2)

    def __init__(
        self, desk: Desk, offered: Offered, data: Data = None, *, entry: EntryPoint | None = None
    ) -> None:
        start = _values(entry, self.base_fields) if entry else {"language": desk.language, "name": desk.name}
        super().__init__(data, initial=start)
        self.main_language = entry.language if entry else desk.language
        _offer(self, "queue", offered.queues)
        self.add_words(
            "greeting", _("Greeting"), entry.greeting if entry else {}, _("Empty: “Welcome to” and the desk.")
        )
        self.add_words(
            "menu_prompt",
            _("Menu"),
            entry.menu_prompt if entry else {},
            _("“For the network, press 1.” Empty: no menu, callers go straight to the queue."),
        )
        dress(self)

    def greeting(self) -> Words:
        return self.words("greeting")

    def menu_prompt(self) -> Words:
        return self.words("menu_prompt")

    def facts(self) -> NumberFacts:
        given = self.cleaned_data
        plain = {key: given[key] for key in self.base_fields}
        return NumberFacts(**plain, greeting=self.texts("greeting"), menu_prompt=self.texts("menu_prompt"))


class KeyForm(forms.Form):
    """What a key of the menu means."""

    key = forms.ChoiceField(label=_("Key"), choices=[(key, key) for key in KEYS])
    label = forms.CharField(label=_("Means"), max_length=80)
    queue = forms.TypedChoiceField(label=_("Queue"), coerce=int)
    category = forms.TypedChoiceField(
        label=_("Category of the ticket"), coerce=int, required=False, empty_value=None
    )
    language = forms.ChoiceField(label=_("Goes on in"), required=False)

    def __init__(
        self, offered: Offered, data: Data = None, *, choice: MenuChoice | None = None, key: str = "1"
    ) -> None:
        start = _values(choice, self.base_fields) if choice else {"key": key}
        name = f"key-{choice.pk if choice else 'new'}-%s"
        super().__init__(data, initial=start, auto_id=name)
        _offer(self, "queue", offered.queues)
        _offer(self, "category", [("", "—"), *offered.categories])
        _offer(self, "language", [("", gettext("the same language")), *settings.LANGUAGES])
        self._add_skills(list((choice.skills if choice else {}).items()), offered.skills)
        dress(self)

    def _add_skills(self, known: list[tuple[str, int]], skills: Pairs) -> None:
        for place in range(max(SKILL_ROWS, len(known) + 1)):
            skill, level = known[place] if place < len(known) else ("", None)
            self.fields[f"skill_{place}"] = forms.ChoiceField(
                label=_("Skill"), choices=[("", "—"), *skills], initial=skill, required=False
            )
            self.fields[f"level_{place}"] = forms.IntegerField(
                label=_("at least"), min_value=1, max_value=100, initial=level, required=False
            )

    def skills(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Rows of skill and level, for the page."""
        rows = [name.partition("_")[2] for name in self.fields if name.startswith("skill_")]
        return [(self[f"skill_{row}"], self[f"level_{row}"]) for row in rows]

    def facts(self) -> ChoiceFacts:
        given = self.cleaned_data
        plain = {key: given[key] for key in self.base_fields}
        rows = [name.partition("_")[2] for name in self.fields if name.startswith("skill_")]
        skills = {given[f"skill_{row}"]: given[f"level_{row}"] or 1 for row in rows if given[f"skill_{row}"]}
        return ChoiceFacts(**plain, skills=skills)


class QueueForm(forms.Form):
    """A queue."""

    name = forms.CharField(label=_("Name"), max_length=80)
    ring_timeout_s = forms.IntegerField(
        label=_("A phone rings, seconds"),
        min_value=3,
        max_value=120,
        initial=15,
        help_text=_("Then the next agent's."),
    )
    wrap_up_s = forms.IntegerField(
        label=_("Wrap-up, seconds"),
        min_value=0,
        max_value=3600,
        initial=30,
        help_text=_("Agents may have their own."),
    )
    tip_interval_s = forms.IntegerField(
        label=_("A tip every, seconds"), min_value=5, max_value=600, initial=20
    )
    priority_credit_s = forms.IntegerField(
        label=_("Credit, seconds"),
        min_value=-3600,
        max_value=3600,
        initial=0,
        help_text=_("Callers count as if they had waited this much longer."),
    )
    max_wait_s = forms.IntegerField(
        label=_("Longest wait, seconds"),
        min_value=5,
        max_value=3600,
        required=False,
        help_text=_("Empty: until somebody is free."),
    )
    overflow_to = forms.TypedChoiceField(
        label=_("After it, to"), coerce=int, required=False, empty_value=None
    )
    announce_position = forms.BooleanField(
        label=_("Tell callers their place in line"), required=False, initial=True
    )

    def __init__(self, offered: Offered, data: Data = None, *, queue: Queue | None = None) -> None:
        super().__init__(data, initial=_values(queue, self.base_fields) if queue else None)
        _offer(self, "overflow_to", [("", "—"), *offered.queues])
        dress(self)

    def facts(self) -> QueueFacts:
        return QueueFacts(**self.cleaned_data)


class NeedForm(forms.Form):
    """What a queue asks of agents from some moment on."""

    after_s = forms.IntegerField(label=_("After seconds"), min_value=0, max_value=3600, initial=0)
    skill = forms.CharField(
        label=_("Skill"),
        max_length=80,
        widget=forms.TextInput(attrs={"list": "skills", "autocomplete": "off"}),
    )
    level = forms.IntegerField(label=_("Level at least"), min_value=0, max_value=100, initial=50)

    def __init__(self, data: Data = None) -> None:
        super().__init__(data, auto_id="need-%s")
        dress(self)


class TipForm(WordsForm):
    """A tip."""

    order = forms.IntegerField(label=_("Place"), min_value=0, max_value=999, initial=0)
    on = forms.BooleanField(label=_("Callers hear it"), required=False, initial=True)

    def __init__(self, desk: Desk, data: Data = None, *, tip: Tip | None = None, order: int = 1) -> None:
        start = {"order": tip.order, "on": tip.on} if tip else {"order": order, "on": True}
        super().__init__(data, initial=start, auto_id=f"tip-{tip.pk if tip else 'new'}-%s")
        self.main_language = desk.language
        self.add_words("text", _("Words"), tip.text if tip else {})
        dress(self)

    def text(self) -> Words:
        return self.words("text")

    def facts(self) -> TipFacts:
        given = self.cleaned_data
        return TipFacts(self.texts("text"), order=given["order"], on=given["on"])


def _values(row: object, names: Mapping[str, object]) -> dict[str, object]:
    """Columns as a form begins with them; relations by their id."""
    return {name: getattr(row, f"{name}_id", None) or getattr(row, name) for name in names}


def _offer(form: forms.Form, name: str, pairs: Pairs) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(pairs)
