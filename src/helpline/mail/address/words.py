"""Findings in words: what is so, and what to change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

ABOUT: Final[dict[str, Text]] = {
    "domain": _("The domain"),
    "mx": _("Mail comes in (MX)"),
    "spf": _("Who may send (SPF)"),
    "sender": _("The server we send through"),
    "dkim": _("Signature (DKIM)"),
    "dmarc": _("What others do with forgeries (DMARC)"),
    "alignment": _("Our mail passes DMARC"),
    "return_path": _("Bounces come back (return path)"),
}

#: code -> what is so, what to change ("" when nothing)
_SAID: Final[dict[str, tuple[Text, Text]]] = {
    "no_dns": (_("The name servers did not answer."), _("Check again in a few minutes.")),
    "domain_there": (_("%(domain)s exists."), ""),
    "domain_missing": (
        _("%(domain)s does not exist."),
        _("Correct the address of the mailbox, or register the domain."),
    ),
    "mx_there": (_("%(host)s takes the mail."), ""),
    "mx_missing": (
        _("No server is named that takes mail for %(domain)s."),
        _("Have whoever runs the domain add an MX record that names the server of the mailbox."),
    ),
    "mx_null": (
        _("%(domain)s says that it takes no mail at all."),
        _("Replace the MX record “0 .” by one that names the server of the mailbox."),
    ),
    "mx_dead": (
        _("%(host)s is to take the mail, but has no address."),
        _("Add an A or AAAA record for it, or correct the MX record."),
    ),
    "spf_there": (_("%(domain)s says who may send: %(record)s"), ""),
    "spf_missing": (
        _("%(domain)s does not say who may send for it."),
        _("Add a TXT record such as “v=spf1 include:… -all” that names the servers you send through."),
    ),
    "spf_broken": (
        _("The SPF record of %(domain)s cannot be read: %(error)s"),
        _("Correct it; receivers treat a broken record as none."),
    ),
    "spf_everybody": (
        _("The SPF record of %(domain)s lets everybody send: %(record)s"),
        _("Let it end in “-all” or “~all”."),
    ),
    "spf_open": (
        _("The SPF record of %(domain)s says nothing of other servers: %(record)s"),
        _("Let it end in “-all” or “~all”."),
    ),
    "sender_not_set": (
        _("No server is set through which this mailbox sends."),
        _("Set it with the mailbox; the test message below shows the rest."),
    ),
    "sender_missing": (
        _("%(host)s has no address."),
        _("Correct the name of the server the mailbox sends through."),
    ),
    "sender_named": (_("%(host)s (%(ip)s) may send for %(domain)s."), ""),
    "sender_not_named": (
        _("%(host)s (%(ip)s) is not named in the SPF record of %(domain)s."),
        _(
            "If it hands mail on through other servers this may be right; the test message below shows it. Else add it."
        ),
    ),
    "dkim_there": (_("%(name)s holds a key of %(bits)s bits."), ""),
    "dkim_not_set": (
        _("No selector is set, so the key cannot be looked up."),
        _("Ask whoever runs the server you send through for the name of its DKIM key and set it below."),
    ),
    "dkim_missing": (
        _("There is no key at %(name)s."),
        _("Publish the key as a TXT record there, or correct the selector."),
    ),
    "dkim_broken": (
        _("The key at %(name)s cannot be read: %(error)s"),
        _("Publish it again as the server gives it."),
    ),
    "dkim_short": (
        _("The key at %(name)s has only %(bits)s bits."),
        _("Make a new one of 2048 bits; some receivers refuse shorter ones."),
    ),
    "dmarc_there": (_("%(domain)s has forgeries refused: %(record)s"), ""),
    "dmarc_watch": (
        _("%(domain)s only watches: %(record)s"),
        _("When your own mail passes, change to “p=quarantine”, later to “p=reject”."),
    ),
    "dmarc_missing": (
        _("%(domain)s has no DMARC record."),
        _(
            "Add a TXT record at _dmarc.%(domain)s: “v=DMARC1; p=none; rua=mailto:…”. Large providers ask for one."
        ),
    ),
    "dmarc_broken": (_("The DMARC record of %(domain)s cannot be read: %(error)s"), _("Correct it.")),
    "aligned_spf": (_("Errors go back to %(return_domain)s, which stands for %(domain)s."), ""),
    "aligned_dkim": (
        _("Errors go back to %(return_domain)s, another domain, but the signature stands for %(domain)s."),
        "",
    ),
    "not_aligned": (
        _("Errors go back to %(return_domain)s, and nothing stands for %(domain)s."),
        _("Have the server sign with a DKIM key of %(domain)s, or use a return path in it."),
    ),
    "return_there": (_("Bounces to %(address)s arrive."), ""),
    "return_dead": (
        _("Nothing takes mail for %(domain)s, so bounces to %(address)s are lost."),
        _("Use a return path whose domain takes mail."),
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A finding for a page. `grade`: good, warn, bad or unknown; `advice` is "" when nothing is to be changed."""

    about: str
    title: Text
    grade: str
    text: str
    advice: str


def line(finding: Mapping[str, Any]) -> Line:
    """A finding as it is kept, in the reader's language."""
    text, advice = _SAID[finding["code"]]
    facts = finding["facts"]
    return Line(
        about=finding["about"],
        title=ABOUT[finding["about"]],
        grade=finding["grade"],
        text=str(text) % facts if facts else str(text),
        advice=str(advice) % facts if facts else str(advice),
    )
