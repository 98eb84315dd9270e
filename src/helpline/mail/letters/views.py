"""A mail in HTML as a document of its own, for a frame that lets nothing out; see docs/decisions/0012.

The frame may run nothing, send nothing and load nothing but pictures of our own; pictures from elsewhere only when
the reader asked for them.
"""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from helpline.mail import access
from helpline.mail.letters import pictures as picture_actions
from helpline.mail.letters.linked_text import linked
from helpline.mail.models import Letter, PicturesShown
from helpline.people.access import actor, page

#: links open in a new tab; nothing else gets out. Without allow-scripts allow-same-origin gives nobody any power: it lets
#: our page measure the frame, and our own pictures come with the reader's session.
SANDBOX: Final = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
_QUOTE_MARKS: Final = ('class="mail-quote"', "data-quote-below=", '<blockquote type="cite"')
_REMOTE: Final = 'data-remote-src="'


@require_safe
@page()
@xframe_options_sameorigin
def body(request: HttpRequest, letter_id: int) -> HttpResponse:
    """What the mail says, `?pictures=1` with pictures from elsewhere, `?quoted=1` with what it quotes."""
    who = actor(request)
    letter = access.letter(who, letter_id)
    remote = letter.html.count(_REMOTE)
    pictures = bool(remote) and ("pictures" in request.GET or _trusted(letter, who.user_id))
    folds = bool(letter.quoted) and any(mark in letter.html for mark in _QUOTE_MARKS)
    quoted = folds and "quoted" in request.GET
    found = {
        "letter": letter,
        # sanitised when it came in (mail.html), and shut in by the policy below
        "html": mark_safe(letter.html.replace(_REMOTE, 'src="') if pictures else letter.html),
        "remote": remote,
        "pictures": pictures,
        "folds": folds,
        "quoted": quoted,
        "paper": _brings_colours(letter.html),
    }
    answer = render(request, "mail/letter_body.html", found)
    answer["Content-Security-Policy"] = policy(pictures=pictures)
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def policy(*, pictures: bool) -> str:
    """The frame's own Content-Security-Policy (CSP Level 3)."""
    return "; ".join(
        (
            "default-src 'none'",
            f"img-src 'self' data:{' https: http:' if pictures else ''}",
            "style-src 'unsafe-inline'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
            f"sandbox {SANDBOX}",
        )
    )


def _trusted(letter: Letter, user_id: int | None) -> bool:
    shown = PicturesShown.objects.filter(user=user_id or 0, address=letter.sender.casefold())
    return bool(letter.sender) and shown.exists()


def _brings_colours(html: str) -> bool:
    """A mail that sets colours was made for white paper."""
    return any(mark in html for mark in ("color", "background"))


@require_safe
@page()
def quoted(request: HttpRequest, letter_id: int) -> HttpResponse:
    """What was folded: quotation and signature."""
    letter = access.letter(actor(request), letter_id)
    return render(request, "mail/letter_quoted.html", {"text": linked(letter.quoted)})


@require_POST
@page()
def pictures(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Always, or with `block` no longer, load pictures of this sender."""
    who = actor(request)
    letter = access.letter(who, letter_id)
    picture_actions.show_pictures_of(who, letter, shown="block" not in request.POST)
    assert letter.item is not None, "access.letter gives letters of tickets"
    return redirect("tickets:ticket", number=letter.item.ticket.number)
