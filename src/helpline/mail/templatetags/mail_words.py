"""Template words of mail: people of a header, times of an invitation, verdicts."""

from collections.abc import Mapping
from datetime import date, datetime

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from helpline.mail.letters.parts import People

register = template.Library()


@register.simple_tag
def people(named: People) -> SafeString:
    """Names with their addresses; of a crowd how many more there are."""
    shown = format_html_join(
        ", ", '<span title="{}">{}</span>', ((address, name or address) for name, address in named.named)
    )
    if not named.more:
        return shown
    more = ngettext("and %(n)d more", "and %(n)d more", named.more) % {"n": named.more}
    return format_html("{} {}", shown, more)


@register.filter
def when(moment: datetime | date) -> str:
    """A moment in the reader's zone, or as written when its zone is not known; a whole day as its date."""
    if not isinstance(moment, datetime):
        return formats.date_format(moment, "DATE_FORMAT")
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return formats.date_format(local, "DATETIME_FORMAT")


_KINDS = {
    "ticket": "info",
    "reply": "good",
    "duplicate": "quiet",
    "parked": "warn",
    "failed": "bad",
    "waiting": "quiet",
}


@register.filter
def verdict_kind(verdict: str) -> str:
    """The kind of pill that goes with a verdict."""
    return _KINDS.get(verdict, "quiet")


@register.filter
def sum_of(counts: Mapping[str, int]) -> int:
    """All of them together."""
    return sum(counts.values())
