"""Files that go out with a letter; their bytes lie in the content store already."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from helpline.core.errors import Invalid
from helpline.mail import store
from helpline.mail.models import Attachment, Letter
from helpline.mail.outgoing.compose import one_line

#: most servers take no message above 25 MB, and travelling makes a file a third larger
MOST_BYTES: Final = 18 * 1024 * 1024
_UNFIT_FOR_ID: Final = re.compile(r"[^\w.@+-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file of a letter. One with a `content_id` is a picture that the HTML shows as "cid:THAT-ID"."""

    name: str
    type: str
    size: int
    sha256: str
    content_id: str = ""

    @classmethod
    def keep(
        cls, name: str, type: str, content: bytes | Iterable[bytes], content_id: str = ""
    ) -> "OutgoingFile":
        """Put the bytes into the store. Raises OSError when the disk is full."""
        stored = store.put(content)
        return cls(
            one_line(name, 255),
            one_line(type, 120),
            stored.size,
            stored.sha256,
            _UNFIT_FOR_ID.sub("-", content_id),
        )

    @classmethod
    def of(cls, row: Attachment) -> "OutgoingFile":
        """The same file that another letter carries."""
        return cls(row.name, row.type, row.size, row.sha256, row.content_id if row.inline else "")

    @staticmethod
    def check(files: Sequence["OutgoingFile"]) -> None:
        """Raises Invalid when they are more than mail servers take, or when one is not there any more."""
        if sum(one.size for one in files) > MOST_BYTES:
            raise Invalid(
                _("The files are larger than mail servers take (%(most)s).")
                % {"most": filesizeformat(MOST_BYTES)},
                code="too_large",
                help=_("Put a link to them instead."),
            )
        if gone := next((one for one in files if not store.path_of(one.sha256).is_file()), None):
            raise Invalid(
                _("The file “%(name)s” is not here any more.") % {"name": gone.name}, code="no_file"
            )

    def row(self, letter: Letter, place: int) -> Attachment:
        """The row of this file, not saved yet."""
        return Attachment(
            letter=letter,
            place=place,
            name=self.name[:255],
            type=self.type[:120],
            size=self.size,
            sha256=self.sha256,
            content_id=self.content_id[:255],
            inline=bool(self.content_id),
        )
