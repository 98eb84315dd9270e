"""The words mail programs put before what they quote, by what they mean; the languages are told apart by nothing else."""

from __future__ import annotations

import re
from typing import Final

# "wrote", anywhere in a line that ends with a colon
WROTE: Final = re.compile(
    r"(?i)(?<![^\W\d_])(?:wrote|writes|said"  # en
    r"|schreef|geschreven"  # nl
    r"|kirjoitti|kirjoittaa"  # fi
    r"|(?:a|ont|avez) écrit|a ecrit"  # fr
    r"|schrieb|schrieben|schreibt"  # de
    r"|escribió|escribio|ha scritto|escreveu|skrev|skrifaði|napisał(?:\(a\)|a)?|pisze|napsala?|napsal\(a\)|írta|yazdı|kirjutas"
    r"|пишет|написал(?:\(а\)|а)?|έγραψε|a scris|napísala?)(?![^\W\d_])"
    r"|のメール|書きました|は書いて|さんの?メッセージ|写道|寫道|작성"  # ja, zh, ko
)
# what an attribution may begin with
BEGINS: Final = re.compile(
    r"(?i)[\s\[(*]*(?:on|op|am|le|el|il|em|den|dne|dnia|w dniu|от|a|på|date|em|pe|al|ma|ti|ke|to|la|su|mon|tue|wed|thu|fri|sat"
    r"|sun)[\s.,]|[\s\[(*]*\d{1,4}[./年-]"
)
MOMENT: Final = re.compile(
    r"(?:\b|\D)\d{1,2}[:.h時]\s?\d{2}(?!\d)|\b(?:19|20)\d\d\b|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})\b|\d{4}年\s?\d{1,2}月"
)
MAIL_ADDRESS: Final = re.compile(r"[^\s<>()\[\]]{1,100}@[^\s<>()\[\]]{1,200}")

_LABELS: Final = {
    "from": "from|van|lähettäjä|de|von|差出人|送信者|送信元|da|från|fra|frá|od|от"
    "|发件人|寄件者|寄件人|보낸 사람|보낸사람|kimden|feladó|saatja|από",
    "date": "sent|date|verzonden|verstuurd|datum|lähetetty|lähetysaika|päivämäärä|päiväys|pvm|aika|envoyé|envoyé le|date d'envoi|gesendet"
    "|送信日時|送信日|日付|日時|inviato|data|enviado|enviado el|enviada em|fecha|skickat|sendt|dato|wysłano|odesláno|отправлено|дата"
    "|发送时间|日期|寄件日期|보낸 날짜|gönderildi|tarih|elküldve|kuupäev",
    "to": "to|aan|vastaanottaja|vastaanottajat|kenelle|à|a|pour|destinataire|an|宛先|送信先"
    "|para|till|til|do|komu|кому|收件人|받는 사람|kime|címzett",
    "cc": "cc|kopie|kopio|copie|copie à|写し|copia|kopia|kopi|копия|抄送|副本|참조|bcc|reply-to|antwort an|répondre à|返信先|vastausosoite",
    "subject": "subject|onderwerp|aihe|objet|sujet|betreff|件名|asunto|oggetto"
    "|assunto|ämne|emne|temat|předmět|тема|主题|主旨|제목|konu|tárgy|teema",
}
LABEL: Final = re.compile(
    r"(?i)[>\s*_]*(?:"
    + "|".join(f"(?P<{kind}>{words})" for kind, words in _LABELS.items())
    + r")[\s*_]*[:：][\s*_]*(?P<value>.*)"
)


def kind_of_label(found: re.Match[str]) -> str:
    """Which of its kinds a match of `LABEL` is."""
    return next((kind for kind in _LABELS if found[kind] is not None), "")


_ORIGINAL: Final = (
    "original message|original appointment|oorspronkelijk bericht|origineel bericht|alkuperäinen viesti|message d'origine"
    "|message d’origine|message original|message initial|mail original|courriel original"
    "|ursprüngliche nachricht|originalnachricht|original-nachricht|元のメッセージ"
    "|元のメール|original e-mail|mensaje original|messaggio originale|mensagem original|originalmeddelande|ursprungligt meddelande"
    "|oprindelig meddelelse|opprinnelig melding|wiadomość oryginalna|původní zpráva|исходное сообщение|原始邮件|原始郵件|원본 메시지"
)
_FORWARDED: Final = (
    "forwarded message|forwarded by [^-]{1,80}|doorgestuurd bericht|doorgestuurde bericht|doorgezonden bericht|välitetty viesti"
    "|edelleenlähetetty viesti|edelleen lähetetty viesti|message transféré|message réexpédié|message transmis"
    "|weitergeleitete nachricht|weitergeleitete e-mail|転送されたメッセージ|転送メッセージ|転送されたメール|forwarded mail"
    "|mensaje reenviado|messaggio inoltrato|mensagem encaminhada|vidarebefordrat meddelande|videresendt meddelelse"
    "|wiadomość przekazana|пересылаемое сообщение|转发的邮件"
)
ORIGINAL: Final = re.compile(rf"(?i)[>\s*]*[-_=*]{{2,}}\s*(?:{_ORIGINAL})\s*[-_=*]{{2,}}\s*\Z")
FORWARDED: Final = re.compile(
    rf"(?i)[>\s*]*(?:[-_=*]{{2,}}\s*(?:{_FORWARDED})\s*[-_=*]{{2,}}"
    r"|begin forwarded message\s?:|begin doorgestuurd bericht\s?:|start doorgestuurd bericht\s?:|välitetty viesti alkaa\s?:"
    r"|edelleenlähetetty viesti alkaa\s?:|début du message (?:réexpédié|transféré)\s?:|anfang der weitergeleiteten (?:nachricht|e-mail)\s?:"
    r"|転送されたメッセージ\s?[:：]|inizio messaggio inoltrato\s?:|vidarebefordrat brev\s?:|inicio del mensaje reenviado\s?:)\s*\Z"
)
FORWARD_SUBJECT: Final = re.compile(r"(?i)\s*(?:fwd?|wg|tr|vl|vs|doorst|i|rv|enc|vb|転送|转发)\s?[:：]")
RULE: Final = re.compile(r"[>\s]*[_]{10,}\s*\Z")

SENT_FROM: Final = re.compile(
    r"(?i)\s*(?:(?:sent|verzonden|verstuurd|lähetetty|envoyé|gesendet|inviato|enviado|skickat|sendt|wysłano)\s+"
    r"(?:from|via|using|with|vanaf|vanuit|met|depuis|de|à partir de|avec|von|vom|mit|da|desde|från|fra|z)\b.{1,80}"
    r"|lähetetty\s+\S{2,30}(?:sta|stä|lta|ltä|ni)\b.{0,60}"
    r"|(?:von|vom) meinem .{1,60} gesendet|iPhone\s?から送信|.{1,30}から送信(?:されました)?|iPadから送信"
    r"|(?:get|download|obtenez|téléchargez|holen sie sich|hanki|outlook (?:voor|für|pour)|télécharger)\b.{0,20}\boutlook\b.{0,60}"
    r"|outlook\s+(?:voor|für|pour|for)\s.{1,60}|(?:ios|android)(?: 版)?\s?outlook\s?(?:を入手|for).{0,40})\s*\Z"
)
DECORATION: Final = re.compile(r"\s*([-_=*~+#.―─━═＝＊－＿☆◇◆■□・])(?:\s?\1){7,}\s*\Z")
CONTACT: Final = re.compile(r"(?i)@|https?://|www\.|〒|\btel|\bpuh|☎|\+\d{2}|電話|fax")
