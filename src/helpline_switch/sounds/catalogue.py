"""Names of the sounds that come with the switch. Texts are spoken by espeak-ng at the first start."""

from __future__ import annotations

LANGUAGES = ("en", "nl", "fi", "fr", "de", "ja")

SPOKEN: dict[str, dict[str, str]] = {
    "please-wait": {
        "en": "Thank you for calling. Please hold the line. Your call will be taken in a moment.",
        "nl": "Bedankt voor uw telefoontje. Blijf aan de lijn. U wordt zo geholpen.",
        "fi": "Kiitos soitostasi. Pysy linjalla, puheluusi vastataan hetken kuluttua.",
        "fr": "Merci de votre appel. Veuillez rester en ligne, nous allons vous répondre dans un instant.",
        "de": "Danke für Ihren Anruf. Bitte bleiben Sie am Apparat, wir sind gleich für Sie da.",
        "ja": "おでんわありがとうございます。しょうしょうおまちください。",
    },
    "not-in-service": {
        "en": "The number you have dialled is not in service.",
        "nl": "Het gekozen nummer is niet in gebruik.",
        "fi": "Valitsemasi numero ei ole käytössä.",
        "fr": "Le numéro que vous avez composé n'est pas en service.",
        "de": "Die gewählte Nummer ist nicht vergeben.",
        "ja": "おかけになったでんわばんごうは、げんざいつかわれておりません。",
    },
    "goodbye": {
        "en": "Thank you for calling. Goodbye.",
        "nl": "Bedankt voor uw telefoontje. Tot ziens.",
        "fi": "Kiitos soitostasi. Kuulemiin.",
        "fr": "Merci de votre appel. Au revoir.",
        "de": "Danke für Ihren Anruf. Auf Wiederhören.",
        "ja": "おでんわありがとうございました。しつれいいたします。",
    },
}

# Frequencies in Hz and length in seconds.
BEEPS: dict[str, tuple[tuple[float, ...], float]] = {
    "beep": ((1000.0,), 0.25),
    "beep-low": ((440.0,), 0.4),
    "silence": ((0.0,), 1.0),
}
