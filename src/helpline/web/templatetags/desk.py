"""Template words of the shell: icons, moments, ticking timers, pills, empty states, parts of other rooms."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.template.context import Context
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from helpline.core import registry
from helpline.web import assets

register = template.Library()

#: what a pill may say with its colour; anything else is grey
PILL_KINDS = frozenset({"good", "warn", "bad", "busy", "info", "quiet"})

#: agent states, call states, ticket statuses and priorities -> kind of pill
STATE_KINDS = {
    "available": "good",
    "reserved": "info",
    "ringing": "info",
    "talking": "busy",
    "holding": "warn",
    "wrap_up": "warn",
    "busy": "quiet",
    "offline": "quiet",
    "lost": "bad",
    "flow": "quiet",
    "queued": "warn",
    "offered": "info",
    "held": "warn",
    "consulting": "info",
    "conference": "info",
    "ended": "quiet",
    "new": "info",
    "open": "busy",
    "waiting_customer": "quiet",
    "waiting_third": "quiet",
    "solved": "good",
    "closed": "quiet",
    "fixed": "good",
    "outage": "bad",
    "critical": "bad",
    "abandoned": "bad",
    "failed": "bad",
    "answered": "good",
    "served": "good",
}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite. Without `label` it is decoration and hidden from screen readers."""
    about = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon" {}><use href="{}#{}"></use></svg>', about, assets.url("icons.svg"), name
    )


@register.simple_tag
def asset(name: str) -> str:
    """Address of a built file, with its version."""
    return assets.url(name)


@register.simple_tag
def pill(kind: str, text: object) -> SafeString:
    """A short state in colour. `kind`: good, warn, bad, busy, info, quiet, or the key of a state."""
    colour = kind if kind in PILL_KINDS else STATE_KINDS.get(kind, "quiet")
    return format_html('<span class="pill pill-{}">{}</span>', colour, text)


@register.filter
def state_kind(state: str) -> str:
    """The kind of pill that goes with an agent's, call's or ticket's state."""
    return STATE_KINDS.get(state, "quiet")


def clock_text(seconds: float) -> str:
    """4:05, 1:04:05; whole seconds, never below zero."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


@register.filter
def clock(seconds: float | Decimal | None) -> str:
    """Seconds as 4:05; a dash when there are none."""
    return "–" if seconds is None else clock_text(float(seconds))


@register.simple_tag
def timer(since: datetime | None, until: datetime | None = None) -> SafeString:
    """Time since a moment, ticking in the browser; stands still when `until` is given."""
    if since is None:
        return mark_safe('<span class="timer">–</span>')
    shown = clock_text(((until or timezone.now()) - since).total_seconds())
    if until:
        return format_html('<span class="timer">{}</span>', shown)
    return format_html(
        '<time class="timer" datetime="{0}" data-since="{0}">{1}</time>', since.isoformat(), shown
    )


@register.simple_tag
def countdown(until: datetime | None) -> SafeString:
    """Time left until a moment, ticking down in the browser to 0:00."""
    if until is None:
        return mark_safe("")
    shown = clock_text((until - timezone.now()).total_seconds())
    return format_html(
        '<time class="timer" datetime="{0}" data-until="{0}">{1}</time>', until.isoformat(), shown
    )


def _ago_text(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    if minutes < 24 * 60:
        return ngettext("%(n)d hour ago", "%(n)d hours ago", minutes // 60) % {"n": minutes // 60}
    days = age.days
    if days < 14:
        return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}
    return ""


@lru_cache(maxsize=4096)
def _full(minute: datetime, _language: str) -> str:
    """Day and time in the language that is active; the same moments are told again at each refresh of a list."""
    return formats.date_format(minute, "DATETIME_FORMAT")


@lru_cache(maxsize=1024)
def _date(day: date, _language: str) -> str:
    return formats.date_format(day, "SHORT_DATE_FORMAT")


@register.simple_tag
def ago(moment: datetime | None) -> SafeString:
    """How long ago, in words; the date when it is more than two weeks. The full time is in its title."""
    if moment is None:
        return mark_safe('<span class="text-secondary">–</span>')
    local = timezone.localtime(moment)
    language = get_language() or ""
    words = _ago_text(timezone.now() - moment) or _date(local.date(), language)
    full = _full(local.replace(second=0, microsecond=0), language)
    return format_html(
        '<time class="ago" datetime="{}" title="{}">{}</time>', moment.isoformat(), full, words
    )


@register.simple_tag
def at(moment: datetime | None) -> SafeString:
    """A moment as 9:12, or with its date when it is not today."""
    if moment is None:
        return mark_safe('<span class="text-secondary">–</span>')
    local = timezone.localtime(moment)
    short = formats.time_format(local, "H:i")
    if local.date() != timezone.localdate():
        short = f"{formats.date_format(local, 'j M')} {short}"
    full = formats.date_format(local, "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), full, short)


@register.simple_tag
def avatar(name: str) -> SafeString:
    """The initials of a person; decoration beside the name."""
    letters = "".join(part[0] for part in name.split()[:2]).upper() or "?"
    return format_html('<span class="initials" aria-hidden="true">{}</span>', letters)


@register.inclusion_tag("web/empty_state.html")
def empty_state(
    title: str, text: str = "", action: str = "", url: str = "", picture: str = "inbox"
) -> dict[str, str]:
    """What an empty page says: what is not here, and what to do next (`action` leads to `url`)."""
    return {"title": title, "text": text, "action": action, "url": url, "picture": picture}


@register.simple_tag(takes_context=True)
def parts(context: Context, place: str, subject: Any = None) -> SafeString:
    """What rooms above registered for a place of this page (`core.registry.panels`)."""
    request = context["request"]
    rendered = (render(request, subject) for render in registry.panels(place))
    return format_html_join("\n", "{}", ((mark_safe(part),) for part in rendered if part))


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """The present query string with some values changed; an empty value drops it. For sort and filter links."""
    values = context["request"].GET.copy()
    for key, value in changes.items():
        values.pop(key, None)
        if value not in ("", None):
            values[key] = str(value)
    return f"?{values.urlencode()}"
