"""What callers of the demo desks hear, in the languages of the house."""

Texts = dict[str, str]

GREETING: Texts = {
    "en": "Welcome to {desk}. Please have your user id ready. Calls are recorded for training.",
    "nl": (
        "Welkom bij {desk}. Houd uw gebruikersnummer bij de hand. Gesprekken worden opgenomen voor training."
    ),
    "de": (
        "Willkommen bei {desk}. Bitte halten Sie Ihre Benutzerkennung bereit. Gespräche werden zu "
        "Schulungszwecken aufgezeichnet."
    ),
    "fi": (
        "Tervetuloa palveluun {desk}. Pidä käyttäjätunnuksesi valmiina. Puhelut tallennetaan "
        "koulutusta varten."
    ),
    "fr": "Bienvenue chez {desk}. Préparez votre identifiant. Les appels sont enregistrés pour la formation.",
    "ja": "{desk}へようこそ。ユーザーIDをご用意ください。通話は研修のために録音されます。",
}

ACME_MENU: Texts = {
    "en": (
        "For network or VPN, press 1. For hardware, press 2. For passwords and accounts, press 3. "
        "For anything else, press 0."
    ),
    "nl": (
        "Voor netwerk of VPN, toets 1. Voor apparatuur, toets 2. Voor wachtwoorden en accounts, "
        "toets 3. Voor iets anders, toets 0."
    ),
    "de": (
        "Für Netzwerk oder VPN drücken Sie die 1. Für Geräte die 2. Für Passwörter und Konten die 3. "
        "Für alles andere die 0."
    ),
    "fi": "Verkko tai VPN, paina 1. Laitteet, paina 2. Salasanat ja tunnukset, paina 3. Muut asiat, paina 0.",
    "fr": (
        "Pour le réseau ou le VPN, tapez 1. Pour le matériel, tapez 2. Pour les mots de passe et les "
        "comptes, tapez 3. Pour toute autre question, tapez 0."
    ),
    "ja": "ネットワークまたはVPNは1を、機器は2を、パスワードとアカウントは3を、その他は0を押してください。",
}

GLOBEX_MENU: Texts = {
    "en": "For the order portal, press 1. For anything else, press 0.",
    "nl": "Voor het bestelportaal, toets 1. Voor iets anders, toets 0.",
    "de": "Für das Bestellportal drücken Sie die 1. Für alles andere die 0.",
    "fi": "Tilausportaali, paina 1. Muut asiat, paina 0.",
    "fr": "Pour le portail de commandes, tapez 1. Pour toute autre question, tapez 0.",
    "ja": "注文ポータルは1を、その他は0を押してください。",
}

TIP_PASSWORD: Texts = {
    "en": "Did you know? You can reset your password yourself at any time in the self-service portal.",
    "nl": "Wist u dat? U kunt uw wachtwoord altijd zelf herstellen in het zelfbedieningsportaal.",
    "de": "Wussten Sie schon? Ihr Passwort können Sie jederzeit selbst im Self-Service-Portal zurücksetzen.",
    "fi": "Tiesitkö? Voit vaihtaa salasanasi itse milloin tahansa itsepalveluportaalissa.",
    "fr": (
        "Le saviez-vous ? Vous pouvez réinitialiser votre mot de passe vous-même dans le portail "
        "libre-service."
    ),
    "ja": "ご存じですか。パスワードはセルフサービスポータルでいつでもご自身で再設定できます。",
}

TIP_RESTART: Texts = {
    "en": "While you wait: have you restarted your computer today? It mends more than one would think.",
    "nl": "Terwijl u wacht: hebt u uw computer vandaag opnieuw gestart? Dat lost meer op dan u denkt.",
    "de": (
        "Während Sie warten: Haben Sie Ihren Rechner heute schon neu gestartet? Das behebt mehr, als "
        "man denkt."
    ),
    "fi": "Odottaessasi: oletko käynnistänyt tietokoneesi tänään uudelleen? Se korjaa enemmän kuin luulisi.",
    "fr": (
        "Pendant que vous patientez : avez-vous redémarré votre ordinateur aujourd'hui ? Cela résout "
        "bien des choses."
    ),
    "ja": "お待ちの間に。今日パソコンを再起動しましたか。思いのほか多くの問題が直ります。",
}

TIP_TAG: Texts = {
    "en": "Please look for the tag on your device. It begins with a letter and helps us find it quickly.",
    "nl": "Zoek alvast het label op uw apparaat. Het begint met een letter en helpt ons u snel te helpen.",
    "de": (
        "Bitte suchen Sie das Etikett an Ihrem Gerät. Es beginnt mit einem Buchstaben und hilft uns weiter."
    ),
    "fi": "Etsi laitteesi tarra valmiiksi. Se alkaa kirjaimella ja auttaa meitä löytämään laitteen nopeasti.",
    "fr": (
        "Cherchez l'étiquette de votre appareil. Elle commence par une lettre et nous aide à le "
        "retrouver vite."
    ),
    "ja": "機器の管理番号ラベルをご確認ください。英字で始まる番号で、すばやくお調べできます。",
}

OUTAGE: Texts = {
    "en": (
        "The VPN gateway in Utrecht is down. Please use the gateway in Berlin meanwhile: choose "
        "Berlin in the list of your VPN program. We are working on it."
    ),
    "nl": (
        "De VPN-gateway in Utrecht is buiten gebruik. Gebruik intussen de gateway in Berlijn: kies "
        "Berlijn in de lijst van uw VPN-programma. Wij werken eraan."
    ),
    "de": (
        "Das VPN-Gateway in Utrecht ist ausgefallen. Bitte nutzen Sie solange das Gateway in Berlin: "
        "Wählen Sie Berlin in der Liste Ihres VPN-Programms. Wir arbeiten daran."
    ),
    "fi": (
        "Utrechtin VPN-yhdyskäytävä ei toimi. Käytä sillä välin Berliinin yhdyskäytävää: valitse "
        "Berliini VPN-ohjelmasi luettelosta. Korjaamme vikaa."
    ),
    "fr": (
        "La passerelle VPN d'Utrecht est en panne. Utilisez en attendant celle de Berlin : "
        "choisissez Berlin dans la liste de votre programme VPN. Nous y travaillons."
    ),
    "ja": "ユトレヒトのVPNゲートウェイが停止しています。復旧まで、VPNソフトの一覧からベルリンを選んでご利用ください。ただいま対応中です。",
}
