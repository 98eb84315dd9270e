"""What Carl says now, apart from what he quotes; and no line of his is lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.mail.parsing.forwarding import forwarded
from helpline.mail.parsing.html import text_of_html
from helpline.mail.parsing.quoting import Kind, split
from helpline.mail.tests.clients import OLD, WORDS, Case, forwards, replies

REPLIES = [
    pytest.param(case, id=f"{language} {case.name}") for language in WORDS for case in replies(language)
]
FORWARDS = [
    pytest.param(case, id=f"{language} {case.name}") for language in WORDS for case in forwards(language)
]


@pytest.mark.parametrize("case", REPLIES)
def test_a_reply_of_every_program(case: Case) -> None:
    told = split(case.text)
    assert told.new == case.new
    if case.name != "no quotation":
        assert all(line in told.quoted for line in OLD)
    assert "".join(stretch.text for stretch in told.stretches) == case.text


@pytest.mark.parametrize("case", REPLIES)
def test_line_ends_do_not_matter(case: Case) -> None:
    text = case.text.replace("\n", "\r\n")
    told = split(text)
    assert told.new.replace("\r\n", "\n") == case.new
    assert "".join(stretch.text for stretch in told.stretches) == text


@pytest.mark.parametrize("case", FORWARDS)
def test_a_forward_of_every_program(case: Case) -> None:
    told = split(case.text)
    assert told.new == case.new
    assert "My printer is on fire." in told.quoted
    found = forwarded(case.text, "Fwd: Printer")
    assert found is not None
    assert (found.sender.name, found.sender.address) == ("Dora Dupont", "dora@other.example")
    assert (found.subject, found.before) == ("Re: Printer", "fyi")
    assert found.text.splitlines() == ["My printer is on fire.", "Please help."]


@pytest.mark.parametrize(
    "above",
    [
        "Gesendet: Montag, 2. März 2026 um 09:00 Uhr\nVon: Helpdesk <support@desk.example>\nAn: carl@x.example\nBetreff: Re: Printer\n",
        "On Monday, March 2, 2026 at 09:00:00 AM GMT+1, Helpdesk <support@desk.example> wrote:\n",
        "Sent with Proton Mail secure email.\n\nOn Monday, March 2nd, 2026 at 9:00 AM, Helpdesk <support@desk.example> wrote:\n",
        "-------- Original message --------\nFrom: Helpdesk <support@desk.example>\nDate: 02/03/2026 09:00 (GMT+01:00)\nTo: c@x.example\n",
        "----- Mail original -----\nDe: Helpdesk\nÀ: Carl\nEnvoyé: Lundi 2 Mars 2026 09:00:00\nObjet: Re: Printer\n",
        "From: Helpdesk <support@desk.example>\nDate: Monday, 2 March 2026 at 09:00\nTo: Carl <c@x.example>\nSubject: Re: Printer\n",
        "De : Helpdesk [mailto:support@desk.example]\nEnvoyé : lundi 2 mars 2026 09:00\nÀ : Carl\nCc : Ben;\n Sven\nObjet : RE: x\n",
    ],
)
def test_other_programs(above: str) -> None:
    told = split(f"The number is 4711.\n\n{above}\nPlease send the number.\n")
    assert told.new == "The number is 4711."
    assert told.quoted.endswith("Please send the number.")


def test_outlook_writes_addresses_in_its_own_way() -> None:
    text = "fyi\n\nFrom: Dora Dupont [mailto:dora@other.example]\nSent: Monday\nTo: a@x.example\nSubject: Help\n\nx\n"
    found = forwarded(text, "FW: Help")
    assert found is not None
    assert (found.sender.name, found.sender.address) == ("Dora Dupont", "dora@other.example")


def test_a_reply_is_no_forward() -> None:
    assert forwarded(replies("en")[10].text, "Re: Printer") is None
    assert forwarded("hello", "Fwd: nothing in it") is None
    assert (
        forwarded("---------- Forwarded message ---------\nFrom: nobody\nDate: x\nTo: y\n\nz", "Fwd: x")
        is None
    )


def test_gmail_in_html_only() -> None:
    html = (
        '<div dir="ltr">The number is 4711.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, 2 Mar 2026 at '
        '09:00, Helpdesk &lt;<a href="mailto:support@desk.example">support@desk.example</a>&gt; wrote:<br></div><blockquote '
        'class="gmail_quote">Please send the number.<br></blockquote></div>'
    )
    told = split(text_of_html(html))
    assert told.new == "The number is 4711."
    assert "> Please send the number." in told.quoted


def test_outlook_in_html_only() -> None:
    html = (
        '<div class="WordSection1"><p class="MsoNormal">The number is 4711.<o:p></o:p></p><div style="border-top:solid #E1E1E1 1.0pt">'
        '<p class="MsoNormal"><b>From:</b> Helpdesk &lt;support@desk.example&gt;<br><b>Sent:</b> Monday, 2 March 2026 09:00<br>'
        "<b>To:</b> Carl<br><b>Subject:</b> Re: Printer<o:p></o:p></p></div><p>Please send the number.</p></div>"
    )
    told = split(text_of_html(html))
    assert told.new == "The number is 4711."
    assert "Please send the number." in told.quoted


@pytest.mark.parametrize(
    ("text", "new", "signature"),
    [
        ("Hello\n-- \nCarl\nTel. 1\n", "Hello", "-- \nCarl\nTel. 1"),
        ("Hello\n--\nCarl\n", "Hello", "--\nCarl"),
        ("Hello\n\nSent from my Galaxy S24\n", "Hello", "Sent from my Galaxy S24"),
        (
            "Hello\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n",
            "Hello",
            "Get Outlook for iOS<https://aka.ms/o0ukef>",
        ),
        ("こんにちは\n\n━━━━━━━━━━━━\n田中\ntanaka@customer.example\n━━━━━━━━━━━━\n", "こんにちは", None),
        ("Hello\n\nKind regards\nCarl\n", "Hello\n\nKind regards\nCarl", ""),
        ("Thanks,\nit works\nbut this does not\n", "Thanks,\nit works\nbut this does not", ""),
        ("-- \nonly a signature\n", "-- \nonly a signature", ""),
        ("a\n--\n" + "a long list\n" * 20, "a\n--\n" + "a long list\n" * 19 + "a long list", ""),
    ],
)
def test_signatures(text: str, new: str, signature: str | None) -> None:
    told = split(text)
    assert told.new == new
    if signature is not None:
        assert told.signature == signature
    else:
        assert "tanaka@customer.example" in told.signature


@pytest.mark.parametrize(
    "text",
    [
        "My manager wrote:\nthis must be solved\n",
        "Our log of 2 March 2026 said:\nerror 4711\n",
        "From: the second floor\nplease come\n",
        "Settings:\nFrom: 10\nTo: 20\nfails\n",
        "On 2 March 2026 I mailed support@desk.example the following:\nthe printer\n",
        "On 2 March 2026 at 10:15 I wrote to Ada <support@desk.example>:\nthe printer\n",
        "Am 2.3.2026 um 10:15 schrieb ich an den Support:\nder Drucker\n",
        "Le 2 mars 2026 à 10:15 j'ai écrit :\nl'imprimante\n",
        "I get > 5 GB\nSubject: hello\n",
        "Steps:\n1. On start it said: hello\n2. done:\nok\n",
        "------\nPrinter\n------\n",
        "____________________\nnot a quotation\n",
        "C:\\new\\table\n  indented\n\tcode\n",
    ],
)
def test_words_that_only_look_like_a_quotation_stay(text: str) -> None:
    told = split(text)
    assert told.of(Kind.NEW) == text


def test_a_forward_without_a_word_is_shown_whole() -> None:
    text = "---------- Forwarded message ---------\nFrom: Dora <dora@other.example>\nDate: x\nTo: y\n\nMy printer\n"
    told = split(text)
    assert told.new == ""
    assert told.shown == text.strip()
    assert split("hello\n> old\n").shown == "hello"


def test_indentation_stays() -> None:
    assert split("code:\n    if x:\n        y\n").new == "code:\n    if x:\n        y"


LINES = st.sampled_from(
    [
        *(
            "> quoted",
            ">",
            "",
            "  ",
            "Hello",
            "-- ",
            "--",
            "On Mon, 2 Mar 2026 at 09:00, A <a@x.example> wrote:",
            "From: a@x.example",
        ),
        *(
            "Sent: Monday",
            "To: b",
            "Subject: c",
            "-----Original Message-----",
            "_" * 32,
            "Begin forwarded message:",
            "Sent from my iPhone",
        ),
        *(
            "> On Monday A wrote:",
            "Am 2.3.2026 um 09:00 schrieb",
            "a@x.example:",
            "━" * 12,
            "Tel. +49 30 1",
            "\x0b",
            "a\x85b",
            "\u2028",
            "\r",
        ),
    ]
)


@given(st.lists(LINES | st.text(max_size=20), max_size=25).map("\n".join))
def test_no_line_is_lost(text: str) -> None:
    told = split(text)
    assert "".join(stretch.text for stretch in told.stretches) == text
    assert sorted(told.of(Kind.NEW) + told.of(Kind.QUOTED) + told.of(Kind.SIGNATURE)) == sorted(text)


@given(st.lists(LINES, max_size=25).map("\n".join), st.text(max_size=20))
def test_forwards_never_fail(text: str, subject: str) -> None:
    forwarded(text, subject)
    forwarded(text, f"Fwd: {subject}")


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300_000,
        "From: a\n" * 30_000,
        "On 2 Mar 2026 at 09:00 wrote\n" * 20_000,
        "- " * 100_000,
        "\n" * 100_000,
        "wrote " * 50_000,
    ],
)
def test_endless_texts_cost_little(text: str) -> None:
    started = time.process_time()
    split(text)
    forwarded(text, "Fwd: x")
    assert time.process_time() - started < 5
