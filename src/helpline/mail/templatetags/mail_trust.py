"""Template words for where a message comes from."""

from collections.abc import Mapping

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from helpline.mail.junk.words import GRADES, VERDICTS

register = template.Library()


@register.simple_tag
def verdict_pill(word: str) -> SafeString:
    """A verdict of SPF, DKIM or DMARC in colour."""
    kind = GRADES.get(word, "quiet")
    return format_html('<span class="pill pill-{}">{}</span>', kind, VERDICTS.get(word, VERDICTS["unknown"]))


@register.filter
def trust_sentence(trust: Mapping[str, str]) -> str:
    """In one sentence whether the sender is who the message says."""
    domain = trust.get("domain") or _("the sender")
    if trust.get("dmarc") == "pass":
        return _("%(domain)s stands behind this message.") % {"domain": domain}
    if trust.get("dmarc") == "fail":
        return _("%(domain)s says it did not send this message.") % {"domain": domain}
    if "pass" in (trust.get("spf"), trust.get("dkim")):
        return _("A server vouches for it, but %(domain)s does not say whom to believe.") % {"domain": domain}
    return _("Nobody proves that it comes from %(domain)s.") % {"domain": domain}


@register.filter
def trust_kind(trust: Mapping[str, str]) -> str:
    """The kind of pill for all of it."""
    return {"pass": "good", "fail": "bad"}.get(trust.get("dmarc", ""), "quiet")


@register.filter
def signed(points: float) -> str:
    """Points with their sign: +3, −1.5."""
    if not points:
        return ""
    return f"{'+' if points > 0 else '−'}{abs(points):g}"
