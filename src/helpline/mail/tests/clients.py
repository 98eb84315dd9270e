"""How mail programs quote and forward, in six languages: shapes built from words, as the programs build them."""

from __future__ import annotations

from dataclasses import dataclass

DESK = "Helpdesk <support@desk.example>"
OLD = ("We have received your message.", "", "Please send the serial number.", "Kind regards, Ada")

# words of each language as the programs put them: see the functions below
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "new": "The serial number is 4711.",
        "gmail": f"On Mon, 2 Mar 2026 at 09:00, {DESK} wrote:",
        "apple": f"On 2 Mar 2026, at 09:00, {DESK} wrote:",
        "thunderbird": "On 02/03/2026 09:00, Helpdesk wrote:",
        "labels": "From:|Sent:|To:|Subject:",
        "when": "Monday, 2 March 2026 09:00",
        "original": "-----Original Message-----",
        "gmail_forward": "---------- Forwarded message ---------",
        "apple_forward": "Begin forwarded message:",
        "thunderbird_forward": "-------- Forwarded Message --------",
        "sent_from": "Sent from my iPhone",
    },
    "nl": {
        "new": "Het serienummer is 4711.",
        "gmail": f"Op ma 2 mrt 2026 om 09:00 schreef {DESK}:",
        "apple": f"Op 2 mrt 2026 om 09:00 heeft {DESK} het volgende geschreven:",
        "thunderbird": "Op 02-03-2026 om 09:00 schreef Helpdesk:",
        "labels": "Van:|Verzonden:|Aan:|Onderwerp:",
        "when": "maandag 2 maart 2026 09:00",
        "original": "-----Oorspronkelijk bericht-----",
        "gmail_forward": "---------- Forwarded message ---------",
        "apple_forward": "Begin doorgestuurd bericht:",
        "thunderbird_forward": "-------- Doorgestuurd bericht --------",
        "sent_from": "Verstuurd vanaf mijn iPhone",
    },
    "fi": {
        "new": "Sarjanumero on 4711.",
        "gmail": "ma 2. maalisk. 2026 klo 9.00 Helpdesk (support@desk.example) kirjoitti:",
        "apple": f"{DESK} kirjoitti 2.3.2026 kello 9.00:",
        "thunderbird": "Helpdesk kirjoitti 2.3.2026 klo 9.00:",
        "labels": "Lähettäjä:|Lähetetty:|Vastaanottaja:|Aihe:",
        "when": "maanantai 2. maaliskuuta 2026 9.00",
        "original": "-----Alkuperäinen viesti-----",
        "gmail_forward": "---------- Forwarded message ---------",
        "apple_forward": "Välitetty viesti alkaa:",
        "thunderbird_forward": "-------- Välitetty viesti --------",
        "sent_from": "Lähetetty iPhonesta",
    },
    "fr": {
        "new": "Le numéro de série est 4711.",
        "gmail": f"Le lun. 2 mars 2026 à 09:00, {DESK} a écrit :",
        "apple": f"Le 2 mars 2026 à 09:00, {DESK} a écrit :",
        "thunderbird": "Le 02/03/2026 à 09:00, Helpdesk a écrit\xa0:",
        "labels": "De :|Envoyé :|À :|Objet :",
        "when": "lundi 2 mars 2026 09:00",
        "original": "-----Message d'origine-----",
        "gmail_forward": "---------- Forwarded message ---------",
        "apple_forward": "Début du message transféré :",
        "thunderbird_forward": "-------- Message transféré --------",
        "sent_from": "Envoyé de mon iPhone",
    },
    "de": {
        "new": "Die Seriennummer ist 4711.",
        "gmail": f"Am Mo., 2. März 2026 um 09:00 Uhr schrieb {DESK}:",
        "apple": f"Am 02.03.2026 um 09:00 schrieb {DESK}:",
        "thunderbird": "Am 02.03.26 um 09:00 schrieb Helpdesk:",
        "labels": "Von:|Gesendet:|An:|Betreff:",
        "when": "Montag, 2. März 2026 09:00",
        "original": "-----Ursprüngliche Nachricht-----",
        "gmail_forward": "---------- Forwarded message ---------",
        "apple_forward": "Anfang der weitergeleiteten Nachricht:",
        "thunderbird_forward": "-------- Weitergeleitete Nachricht --------",
        "sent_from": "Von meinem iPhone gesendet",
    },
    "ja": {
        "new": "シリアル番号は4711です。",
        "gmail": f"2026年3月2日(月) 9:00 {DESK}:",
        "apple": f"2026/03/02 9:00、{DESK}のメール:",
        "thunderbird": "On 2026/03/02 9:00, Helpdesk wrote:",
        "labels": "差出人:|送信日時:|宛先:|件名:",
        "when": "2026年3月2日 9:00",
        "original": "-----元のメッセージ-----",
        "gmail_forward": "---------- Forwarded message ---------",
        "apple_forward": "転送されたメッセージ:",
        "thunderbird_forward": "-------- 転送メッセージ --------",
        "sent_from": "iPhoneから送信",
    },
}


@dataclass(frozen=True)
class Case:
    """A mail as its program writes it, and what must be told apart in it."""

    name: str
    text: str
    new: str


def marked(lines: tuple[str, ...] = OLD) -> str:
    return "".join(f"> {line}".rstrip() + "\n" for line in lines)


def headers(language: str, bold: bool = False, sender: str = DESK) -> str:
    """The block Outlook puts above what it quotes."""
    words = WORDS[language]
    values = (sender, words["when"], "Carl <carl@customer.example>", "Re: Printer")
    shown = [f"*{label}*" if bold else label for label in words["labels"].split("|")]
    return "".join(f"{label} {value}\n" for label, value in zip(shown, values, strict=True))


def replies(language: str) -> list[Case]:
    """Every shape of reply in this language: above, below, within."""
    words, old = WORDS[language], "\n".join(OLD) + "\n"
    new = words["new"]
    wrapped = words["gmail"].replace("<", "<\n", 1)
    return [
        Case("gmail top", f"{new}\n\n{words['gmail']}\n\n{marked()}", new),
        Case("gmail wrapped", f"{new}\n\n{wrapped}\n\n{marked()}", new),
        Case("gmail mobile", f"{new}\n\n{words['gmail']}\n\n{old}", new),
        Case("gmail bottom", f"{words['gmail']}\n\n{marked()}\n{new}\n", new),
        Case(
            "gmail within",
            f"{words['gmail']}\n{marked(OLD[:1])}\n{new}\n\n{marked(OLD[2:])}\nCarl\n",
            f"{new}\n\n\nCarl",
        ),
        Case("apple top", f"{new}\n\n> {words['apple']}\n> \n{marked()}", new),
        Case("apple plain", f"{new}\n\n{words['apple']}\n\n{marked()}", new),
        Case("apple mobile", f"{new}\n\n{words['sent_from']}\n\n> {words['apple']}\n> \n{marked()}", new),
        Case("thunderbird top", f"{new}\n\n{words['thunderbird']}\n{marked()}", new),
        Case(
            "thunderbird bottom", f"{words['thunderbird']}\n{marked()}\n{new}\n\n-- \nCarl\nTel. 123\n", new
        ),
        Case("outlook", f"{new}\n\n{headers(language)}\n{old}", new),
        Case("outlook bold", f"{new}\n\n{headers(language, bold=True)}\n{old}", new),
        Case("outlook line", f"{new}\n\n________________________________\n{headers(language)}\n{old}", new),
        Case("outlook classic", f"{new}\n\n{words['original']}\n{headers(language)}\n{old}", new),
        Case("outlook marked", f"{new}\n\n{words['original']}\n{headers(language)}\n{marked()}", new),
        Case("no quotation", f"{new}\n\nCarl\n", f"{new}\n\nCarl"),
    ]


def forwards(language: str, sender: str = "Dora Dupont <dora@other.example>") -> list[Case]:
    """Every shape of forward in this language, by an agent who writes a line above."""
    words, body = WORDS[language], "My printer is on fire.\nPlease help.\n"
    block = headers(language, sender=sender)
    quoted = "".join(f"> {line}\n" for line in (block + "\n" + body).splitlines())
    return [
        Case("gmail", f"fyi\n\n{words['gmail_forward']}\n{block}\n\n{body}", "fyi"),
        Case("apple", f"fyi\n\n{words['apple_forward']}\n\n{quoted}", "fyi"),
        Case("apple plain", f"fyi\n\n{words['apple_forward']}\n\n{block}\n{body}", "fyi"),
        Case("thunderbird", f"fyi\n\n{words['thunderbird_forward']}\n{block}\n{body}", "fyi"),
        Case("outlook", f"fyi\n\n{block}\n{body}", "fyi"),
        Case("outlook line", f"fyi\n\n________________________________\n{block}\n{body}", "fyi"),
    ]
