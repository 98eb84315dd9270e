"""What the live feed tells the rooms above."""

from typing import Final

#: topics of this kind, "here:1042", say that a person has the thing before them, not only that they want to hear of it
HERE: Final = "here:"

#: hook announced to rooms above: page_here(actor, page, topics, clock). `topics` are all of kind HERE that the open page
#: (`page`: a UUID) shows now, none when it is closed or not to be seen. Said again once a minute while it is open.
HOOK_PAGE_HERE: Final = "page_here"
