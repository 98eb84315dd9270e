"""The procedure a desk starts with: the seven steps of a call (rows B1 to B7) with approved scripts."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from helpline.procedure.document import Document
from helpline.procedure.parsing import parse

#: languages the scripts are written in
LANGUAGES = ("en", "nl", "fi", "fr", "de", "ja")


def default_document(language: str) -> Document:
    """The seven steps in a language; one we do not have gets the English words."""
    spoken = language if language in LANGUAGES else "en"
    with translation.override(spoken):
        data = {
            "language": spoken,
            "steps": [
                _greeting(),
                _listen(),
                _troubleshoot(),
                _diagnose(),
                _explain(),
                _solve(),
                _goodbye(),
            ],
            "gates": [_identity(), _closing()],
        }
        return parse(data)


def _greeting() -> dict[str, Any]:
    return {
        "key": "greeting",
        "title": _("Greeting"),
        "say": _(
            "Good day, {desk}, my name is {agent}. May I have your user id, please? … "
            "Thank you, {caller}. How may I help you?"
        ),
        "aim": _("The caller knows whom they speak to; you know who calls and what we had with them before."),
        "per": "call",
        "fields": [
            {"key": "requester", "label": _("Caller"), "kind": "contact", "saves_to": "ticket.requester"},
            {"key": "call_back", "label": _("Number to call back"), "kind": "text"},
        ],
        "ticks": [
            {"key": "greeted", "label": _("Said the desk's name and mine"), "required": True},
            {"key": "asked_user_id", "label": _("Asked for the user id"), "required": True},
        ],
        "hints": [_("Look at the earlier tickets: is this about one of them?")],
        "tools": ["earlier", "identity"],
    }


def _listen() -> dict[str, Any]:
    return {
        "key": "listen",
        "title": _("Listen"),
        "say": _(
            "I understand. Please tell me what happened. … "
            "Thank you, that helps me. I am here to get this solved with you."
        ),
        "aim": _("The caller has told it all without being interrupted and feels in good hands."),
        "fields": [
            {
                "key": "subject",
                "label": _("The problem in one line"),
                "kind": "text",
                "required": True,
                "saves_to": "ticket.subject",
            },
            {"key": "story", "label": _("What the caller says and wants"), "kind": "long"},
            {"key": "asset_tag", "label": _("Asset tag"), "kind": "text", "saves_to": "ticket.asset_tag"},
            {"key": "location", "label": _("Where it stands"), "kind": "text", "saves_to": "ticket.location"},
        ],
        "ticks": [{"key": "repeated", "label": _("Said it back in my own words"), "required": True}],
        "hints": [_("Let the caller finish. Do not explain and do not blame.")],
    }


def _troubleshoot() -> dict[str, Any]:
    return {
        "key": "troubleshoot",
        "title": _("Troubleshoot"),
        "say": _("Is it only you, or do your colleagues have it too? … Let us look at it together."),
        "aim": _("You know whether it hits several people, and what was tried."),
        "fields": [
            {"key": "tried", "label": _("What was tried and seen"), "kind": "long"},
            {"key": "category", "label": _("Category"), "kind": "category", "saves_to": "ticket.category"},
        ],
        "ticks": [{"key": "asked_others", "label": _("Asked whether others have it"), "required": True}],
        "hints": [
            _("Several hit? Join the incident or alert the incident team and follow its advice."),
            _("Only this caller? Use the articles."),
        ],
        "tools": ["several_hit", "articles"],
    }


def _diagnose() -> dict[str, Any]:
    return {
        "key": "diagnose",
        "title": _("Diagnose"),
        "say": _(
            "If I understand you right, this is what happens, and this is what I think it is. Is that so?"
        ),
        "aim": _("The problem has a name on the ticket. If you are unsure, a colleague was asked."),
        "fields": [
            {"key": "diagnosis", "label": _("What it is"), "kind": "long", "required": True},
            {"key": "priority", "label": _("Priority"), "kind": "priority", "saves_to": "ticket.priority"},
        ],
        "hints": [_("Unsure? Consult a senior colleague, the second line or your team lead.")],
        "tools": ["hold"],
    }


def _explain() -> dict[str, Any]:
    return {
        "key": "explain",
        "title": _("Explain"),
        "say": _(
            "Let me tell you what I found and what we do now. {next_steps} "
            "May I put you on hold for a minute while I ask a colleague?"
        ),
        "aim": _("The caller knows what it is and what happens next, in words they use themselves."),
        "fields": [{"key": "plan", "label": _("The plan"), "kind": "long"}],
        "ticks": [{"key": "explained", "label": _("Explained problem and plan"), "required": True}],
        "hints": [_("Ask before you put a caller on hold, and come back within two minutes.")],
        "tools": ["hold"],
    }


def _solve() -> dict[str, Any]:
    return {
        "key": "solve",
        "title": _("Solve or assign"),
        "say": _("We do this together now. … Does it work? If not, I pass it to the team that can solve it."),
        "aim": _("It is solved by the article, or the right team has it and the caller knows who."),
        "fields": [
            {"key": "article", "label": _("Article used"), "kind": "article"},
            {"key": "done", "label": _("What was done"), "kind": "long"},
        ],
        "ticks": [{"key": "told_where", "label": _("If assigned: told the caller who has it now")}],
        "tools": ["articles", "assign"],
    }


def _goodbye() -> dict[str, Any]:
    return {
        "key": "goodbye",
        "title": _("Goodbye"),
        "say": _(
            "Is there anything else I can do for you? … Thank you for calling {desk}, {caller}. Goodbye."
        ),
        "aim": _("The caller confirms that it works, or knows number, next steps and an honest time."),
        "ticks": [{"key": "anything_else", "label": _("Asked: anything else?"), "required": True}],
        "hints": [_("Promise only what holds. An honest later time is better than an invented early one.")],
        "tools": ["closing"],
    }


def _identity() -> dict[str, Any]:
    return {
        "key": "identity",
        "title": _("Who the caller is"),
        "step": "greeting",
        "protects": ["reveal_licence", "reset_password"],
        "ways": [
            {
                "key": "user_id_and_birthday",
                "label": _("User id and date of birth are right"),
                "say": _("To protect your account: what is your user id, and when were you born?"),
            },
            {
                "key": "callback",
                "label": _("Called back at the number we have"),
                "say": _("To protect your account I call you back at the number we have of you."),
            },
            {
                "key": "asset_and_manager",
                "label": _("Asset tag and name of the manager are right"),
                "say": _("To protect your account: what is the tag on your device, and who is your manager?"),
            },
        ],
    }


def _closing() -> dict[str, Any]:
    return {
        "key": "closing",
        "title": _("Closing"),
        "step": "goodbye",
        "ways": [
            {
                "key": "solved",
                "label": _("Solved, and the caller confirms it"),
                "say": _("Can you confirm that it works as you want it now?"),
            },
            {
                "key": "next_steps_told",
                "label": _("Not solved yet: number, next steps and time told"),
                "say": _("Your ticket number is {ticket}. Next: {next_steps} You hear from us by {due}."),
            },
        ],
    }
