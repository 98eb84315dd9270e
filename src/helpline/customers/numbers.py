"""Telephone numbers however written, as one E.164 text."""

import unicodedata

import phonenumbers

#: internal numbers have fewer digits than any number worth normalising
SHORT_DIGITS = 6


def e164(text: str, country: str) -> str:
    """`text` in E.164 (ITU-T E.164) as seen from `country` (ISO 3166-1 alpha-2).

    Internal short numbers come back as their digits; what is no number at all (a SIP name, "anonymous")
    comes back stripped but otherwise unchanged.
    """
    plain = _user_part(unicodedata.normalize("NFKC", text).strip())
    digits = "".join(one for one in plain if one.isdigit())
    if not digits or any(one.isalpha() for one in plain):
        return plain
    if len(digits) <= SHORT_DIGITS and not plain.startswith("+"):
        return digits
    # odd signs between the digits may be what kept it from being read
    return _parsed(plain, country) or _parsed(digits, country) or digits


def _user_part(text: str) -> str:
    """The number inside a SIP, SIPS or tel URI (RFC 3261 section 19.1, RFC 3966), or the text itself."""
    scheme, colon, rest = text.strip("<>").partition(":")
    if colon and scheme.lower() in {"sip", "sips", "tel"}:
        return _user_part(rest.partition("@")[0].partition(";")[0].strip())
    return text


def _parsed(text: str, country: str) -> str:
    found = _formatted(text, country)
    # a row of zeros parses to something that parses to something else: no number
    return found if found and _formatted(found, country) == found else ""


def _formatted(text: str, country: str) -> str:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""
    number.extension = None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown(e164_text: str) -> str:
    """The number as people of its country write it internationally, for reading."""
    if not e164_text.startswith("+"):
        return e164_text
    try:
        number = phonenumbers.parse(e164_text, None)
    except phonenumbers.NumberParseException:
        return e164_text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def written(e164_text: str) -> frozenset[str]:
    """The usual writings of a number: E.164, its digits, with 00, as in its country, spaced or not."""
    if not e164_text.startswith("+"):
        return frozenset({e164_text} - {""})
    digits = e164_text[1:]
    forms = {e164_text, digits, f"00{digits}"}
    try:
        number = phonenumbers.parse(e164_text, None)
    except phonenumbers.NumberParseException:
        return frozenset(forms)
    at_home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    forms |= {at_home, "".join(one for one in at_home if one.isdigit()), shown(e164_text)}
    return frozenset(forms)
