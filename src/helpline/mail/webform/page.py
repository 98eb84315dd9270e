"""The form a mailbox of kind `form` shows to everybody, made from what its desk asks."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from helpline.core.errors import DeskError
from helpline.mail.sources.form import MOST_BYTES, MOST_FILES, Answers
from helpline.mail.webform.fields import FormField
from helpline.people.forms import dress

#: messages an hour from one internet address, and in the name of one mail address
MOST_FROM_HERE: Final = 20
MOST_IN_NAME: Final = 10
_HOUR_S: Final = 3600


class TooMany(DeskError):
    """So much was sent from there that it looks like a program."""

    status = 429
    default_code = "too_many"


class _Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files up to a size together."""

    widget = _Files

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        """The files. Raises ValidationError when they are too many or too large."""
        given = data if isinstance(data, list | tuple) else [data] if data else []
        files = [super(FilesField, self).clean(one, initial) for one in given]
        if len(files) > MOST_FILES or sum(one.size for one in files) > MOST_BYTES:
            raise forms.ValidationError(
                _("At most %(files)d files of %(size)d MB together."),
                params={"files": MOST_FILES, "size": MOST_BYTES >> 20},
            )
        return files


class PublicForm(forms.Form):
    """Who writes, about what, and what the desk asks besides. `website` is a trap: people do not see it."""

    name = forms.CharField(
        label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    address = forms.EmailField(
        label=_("Your mail address"),
        max_length=254,
        help_text=_("We answer there."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    subject = forms.CharField(label=_("In a few words"), max_length=200)
    text = forms.CharField(
        label=_("What is it about?"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 7})
    )
    attachments = FilesField(
        label=_("Pictures or files"), required=False, help_text=_("A picture of the screen often helps.")
    )
    website = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"})
    )

    def __init__(
        self,
        asked: tuple[FormField, ...],
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files)  # type: ignore[arg-type]  # QueryDict and MultiValueDict, as a request has them
        self._asked = asked
        for place, one in enumerate(asked):
            self.fields[f"more_{place}"] = _question(one)
        dress(self)

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields in the order people fill them in."""
        more = [f"more_{place}" for place in range(len(self._asked))]
        return [self[name] for name in ("name", "address", "subject", *more, "text", "attachments")]

    @property
    def is_trapped(self) -> bool:
        """True when a program filled in what people do not see."""
        return bool(self.data.get("website"))

    def answers(self) -> Answers:
        """What was typed, checked."""
        given = self.cleaned_data
        more = {one.label: str(given.get(f"more_{place}") or "") for place, one in enumerate(self._asked)}
        return Answers(
            name=given["name"],
            address=given["address"],
            subject=given["subject"],
            text=given["text"],
            more=more,
            files=tuple(given["attachments"]),
        )


def _question(asked: FormField) -> forms.Field:
    if asked.choices:
        choices = [("", "–"), *((one, one) for one in asked.choices)]
        return forms.ChoiceField(label=asked.label, required=asked.required, choices=choices)
    return forms.CharField(label=asked.label, required=asked.required, max_length=500)


def _counted(key: str) -> int:
    if cache.add(key, 1, _HOUR_S):
        return 1
    try:
        return cache.incr(key)
    except ValueError:
        # its hour ended between the two
        cache.set(key, 1, _HOUR_S)
        return 1


def count(*, here: str, name: str) -> None:
    """Count a message from this internet address in the name of this mail address. Raises TooMany."""
    for key, most in ((f"form-from:{here}", MOST_FROM_HERE), (f"form-as:{name.casefold()}", MOST_IN_NAME)):
        if _counted(key) > most:
            raise TooMany(
                _("That were many messages in a short time."),
                help=_("Please wait an hour, write a mail, or call us."),
            )
