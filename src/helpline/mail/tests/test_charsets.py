"""Any charset, wrong, missing or lying: Carl's words arrive as he wrote them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.mail.parsing import charsets
from helpline.mail.parsing.headers import decode_words, text_of
from helpline.mail.parsing.parse import parse
from helpline.mail.tests.letters import letter, raw

JAPANESE = "プリンターが動きません。至急ご確認をお願いいたします。"
GERMAN = "Grüße aus Köln, die Größe stimmt nicht. Der Drucker im zweiten Stock ist übrigens auch kaputt."


@pytest.mark.parametrize(
    ("text", "codec", "label", "odd"),
    [
        (GERMAN, "utf-8", "utf-8", ""),
        (GERMAN, "latin-1", "iso-8859-1", ""),
        ("50 € – “quoted”", "cp1252", "iso-8859-1", ""),
        ("50 € – “quoted”", "cp1252", "windows-1252", ""),
        (GERMAN, "utf-8", "iso-8859-1", charsets.WRONG),
        (GERMAN, "latin-1", "utf-8", charsets.WRONG),
        (GERMAN, "latin-1", "", charsets.MISSING),
        (GERMAN, "utf-8", "", charsets.MISSING),
        (GERMAN, "utf-8", "us-ascii", charsets.WRONG),
        (GERMAN, "latin-1", "x-unknown-99", charsets.UNKNOWN),
        (JAPANESE, "iso2022_jp", "iso-2022-jp", ""),
        (JAPANESE, "iso2022_jp", "", charsets.MISSING),
        (JAPANESE, "iso2022_jp", "utf-8", charsets.WRONG),
        (JAPANESE, "cp932", "shift_jis", ""),
        (JAPANESE, "euc_jp", "euc-jp", ""),
        ("打印机坏了，請幫忙。镕", "gb18030", "gb2312", ""),
        ("프린터가 고장났습니다", "cp949", "ks_c_5601-1987", ""),
        ("Принтер не работает", "koi8-r", "koi8-r", ""),
        ("Zażółć gęślą jaźń", "iso-8859-2", "iso-8859-2", ""),
        (GERMAN, "utf-16", "utf-16", ""),
        (GERMAN, "utf-8-sig", "utf-8", ""),
        (GERMAN, "utf-7", "utf-7", ""),
    ],
)
def test_words_arrive_whatever_the_label_says(text: str, codec: str, label: str, odd: str) -> None:
    assert charsets.decode(text.encode(codec), label) == (text, odd)


def test_vendor_characters_of_iso_2022_jp_are_read() -> None:
    """Row 13 (circled numbers) is in no standard, but in many mails."""
    data = b"\x1b$B-!%W%j%s%?!<\x1b(B ok\n\x1b(I1\x1b(B"
    assert charsets.decode(data, "iso-2022-jp")[0] == "①プリンター ok\nｱ"


def test_dense_text_without_a_label_is_guessed() -> None:
    text = "Здравствуйте, принтер на втором этаже не работает со вчерашнего дня. Помогите, пожалуйста."
    assert charsets.decode(text.encode("cp1251"))[0] == text


def test_stray_bytes_in_utf_8_spoil_nothing_else() -> None:
    data = GERMAN.encode() + b" \x96 " + GERMAN.encode()
    assert charsets.decode(data, "utf-8")[0] == f"{GERMAN} – {GERMAN}"


@pytest.mark.parametrize(
    "label", ["unicode_escape", "raw_unicode_escape", "rot13", "zlib", "idna", "undefined", "base64", "hex"]
)
def test_only_charsets_are_charsets(label: str) -> None:
    assert charsets.codec_of(label) == ""
    assert charsets.decode(b"C:\\new\\table\\x41", label) == ("C:\\new\\table\\x41", charsets.UNKNOWN)


@pytest.mark.parametrize("label", ["utf-8", "us-ascii", "iso-8859-1", "", "unicode_escape"])
def test_backslashes_stay(label: str) -> None:
    message = parse(
        raw("see C:\\new\\table\\x41\n", content_type=f"text/plain; charset={label}" if label else "")
    )
    assert message.text == "see C:\\new\\table\\x41\n"


def test_nul_is_no_character() -> None:
    message = letter("before\0after")
    assert message.text == "before\ufffdafter"
    assert charsets.NUL in message.oddities


@given(st.binary(max_size=300), st.text(max_size=20))
def test_any_bytes_become_text_a_database_takes(data: bytes, label: str) -> None:
    text, _odd = charsets.decode(data, label)
    assert "\0" not in text
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ==?= aus =?iso-8859-1?q?K=F6ln?=", "Grüße aus Köln"),
        ("=?utf-8?B?R3LD?=\r\n =?utf-8?B?vMOfZQ==?=", "Grüße"),
        ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
        ("=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),
        ("=?iso-2022-jp?B?GyRCJVclaiVzJT8hPBsoQg==?=", "プリンター"),
        ("=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?gb2312?B?tPLTobv6?=", "打印机"),
        ("=?iso-9999-1?Q?x?= plain", "x plain"),
        ("=?utf-8?Q?evil=0D=0ABcc:_all@desk.example?=", "evil Bcc: all@desk.example"),
        ("=?utf-8?B?not//valid===?= =?iso-9999-1?Q?x?= 21", "=?utf-8?B?not//valid===?= x 21"),
        ("a =? b ?= c", "a =? b ?= c"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert decode_words(value) == text


def test_a_raw_8_bit_header_is_read_like_its_body() -> None:
    assert text_of("Größe".encode()) == "Größe"
    assert text_of("Größe".encode("latin-1")) == "Größe"
    assert text_of("プリンター".encode("cp932"), "shift_jis") == "プリンター"
