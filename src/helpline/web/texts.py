"""Sentences the browser itself has to say, in the page's language. Keys are used by frontend/src."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEXTS: dict[str, str | Promise] = {
    "broke": _("Something broke on our side."),
    "broke_help": _("Nothing was changed. Try again; tell the desk administrator if it stays."),
    "refused": _("That did not work."),
    "unreachable": _("The desk does not answer."),
    "unreachable_help": _("A call goes on without this page. Check the network; we try again by ourselves."),
    "unsaved": _("You typed something that is not sent yet. Leave it behind?"),
    "no_recording": _("The recording could not be loaded."),
    "mic_missing": _("No microphone"),
    "mic_missing_help": _("Plug one in or choose one in the system's sound settings, then try again."),
    "mic_denied": _("The microphone is not allowed"),
    "mic_denied_help": _("Allow it at the lock sign beside the address, then try again."),
    "mic_silent": _("The microphone hears nothing"),
    "mic_silent_help": _(
        "Check that it is not muted at the cable or in the system. You are on duty all the same."
    ),
    "mic_lost": _("The microphone is gone. You get no calls until it is back."),
    "mic_lost_in_call": _("The microphone is gone. The other side hears nothing; the call goes on."),
    "mic_lost_help": _("Plug it in again or plug in another one: it is used at once."),
    "mic_back": _("The microphone is back."),
    "insecure": _("The browser gives the microphone to secure pages only"),
    "insecure_help": _("Open the desk by https, or on this machine by 127.0.0.1."),
    "phone_lost": _("The phone is not connected. We try again by ourselves."),
    "phone_refused": _("The switch did not take your phone account."),
    "phone_refused_help": _("Ask the phone administrator to set it anew."),
    "other_tab": _("The sound is in another tab"),
    "ringing": _("A call rings: %s"),
    "answered_elsewhere": _("Answered elsewhere"),
    "call_failed": _("The call did not come through."),
    "call_failed_help": _("Try again, or call the number above from any telephone."),
    "call_busy": _("All lines are busy."),
    "connecting": _("Connecting"),
    "in_call": _("Connected"),
    "ended": _("The call has ended"),
    "ended_help": _("Thank you for calling."),
    "draft_kept": _("Draft kept"),
    "draft_not_kept": _("The draft is not kept yet. We try again."),
    "chosen": _("%s chosen"),
    "open_ticket": _("Open the ticket of the call"),
}


def spoken() -> dict[str, str]:
    """All of them in the language of the request."""
    return {key: str(text) for key, text in TEXTS.items()}
