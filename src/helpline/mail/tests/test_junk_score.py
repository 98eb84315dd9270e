"""Points for facts: what makes a message junk, what speaks for it, and that every point has its reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.mail.junk.facts import facts_of, upstream
from helpline.mail.junk.score import POINTS, Facts, Opinion, Standing, score
from helpline.mail.junk.words import REASONS
from helpline.mail.parsing import html
from helpline.mail.parsing.message import Headers
from helpline.mail.parsing.parse import parse
from helpline.mail.tests.factories import mail
from helpline.mail.trust.verdicts import Trust

FORGED = Trust("fail", "fail", "fail", "computed", "acme.example")
PROVEN = Trust("pass", "pass", "pass", "computed", "acme.example")


def codes(facts: Facts, standing: Standing | None = None) -> set[str]:
    return {code for code, _points in score(facts, standing).reasons}


def facts(raw: bytes, trust: Trust = PROVEN, **told: object) -> Facts:
    message = parse(raw)
    return facts_of(message, html.sanitise(message.html).html, trust, **told)  # type: ignore[arg-type]


def test_an_ordinary_mail_has_no_points() -> None:
    assert score(facts(mail(files=(("photo.of.printer.jpg", b"x"),)))) == score(Facts())
    assert score(Facts()).points == 0


def test_a_forged_sender() -> None:
    found = score(facts(mail(), FORGED))
    assert codes(facts(mail(), FORGED)) == {"dmarc_fail", "spf_fail", "dkim_fail"}
    assert found.points == 5.0
    assert found.reasons[0][0] == "dmarc_fail"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("setup.exe", {"executable"}),
        ("invoice.pdf.exe", {"executable", "double_extension"}),
        ("invoice.pdf      .js", {"executable", "double_extension"}),
        ("scan.pdf.html", {"double_extension"}),
        ("report.v2.pdf", set()),
        ("archive.tar.gz", set()),
        ("page.html", set()),
        ("exe", set()),
    ],
)
def test_files_that_run_or_hide(name: str, expected: set[str]) -> None:
    assert codes(facts(mail(files=((name, b"MZ"),)))) == expected


@pytest.mark.parametrize(
    ("reply_to", "elsewhere"),
    [
        ("carl@acme.example", False),
        ("carl@mail.acme.example", False),
        ("Carl <pay@evil.example>", True),
        ("pay@evil.example, carl@acme.example", False),
        ("", False),
    ],
)
def test_answers_that_go_elsewhere(reply_to: str, elsewhere: bool) -> None:
    assert facts(mail(Reply_To=reply_to)).reply_to_elsewhere is elsewhere


def linking(text: str, times: int = 1) -> bytes:
    links = f'<p><a href="https://evil.example/x">{text}</a></p>' * times
    head = b"From: carl@acme.example\r\nTo: support@desk.example\r\nMessage-ID: <1@a>\r\nContent-Type: text/html\r\n\r\n"
    return head + links.encode()


def test_links_that_say_one_thing_and_do_another() -> None:
    assert codes(facts(linking("www.bank.example"))) == {"link_elsewhere"}
    assert codes(facts(linking("www.bank.example", 4))) == {"link_elsewhere", "many_links_elsewhere"}
    assert codes(facts(linking("evil.example"))) == set()
    assert codes(facts(linking("click here"))) == set()
    shown = facts(linking('&lt;a data-host="x" data-misleading="true"')).links_elsewhere
    assert shown == 0, "words are no links"


def test_a_mail_to_a_crowd() -> None:
    many = ", ".join(f"p{number}@acme.example" for number in range(30))
    assert codes(facts(mail(to=many))) == {"many_recipients"}
    assert codes(facts(mail(to=many, Cc=many.replace("p", "q")))) == {"many_recipients", "crowd"}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (("X-Spam-Status", "Yes, score=7.2 required=5.0 tests=[X]"), "upstream_junk"),
        (("X-Spam-Status", "No, score=3.1 required=5.0"), "upstream_doubt"),
        (("X-Spam-Status", "No, score=-1.9 required=5.0"), "upstream_good"),
        (("X-Spam-Status", "No, score=1.0 required=5.0"), None),
        (("X-Spam-Flag", "YES"), "upstream_junk"),
        (("X-Spam-Score", "6.1"), "upstream_junk"),
        (("X-Spamd-Result", "default: False [15.00 / 15.00]; BAD(1)"), "upstream_junk"),
        (("X-Rspamd-Score", "4.2"), "upstream_doubt"),
        (("X-Spam-Status", "perhaps"), None),
    ],
)
def test_what_a_trusted_relay_says(header: tuple[str, str], expected: str | None) -> None:
    received = ("Received", "from x (x [192.0.2.1]) by mx.desk.example")
    opinion = upstream(Headers([header, received]), ["mx.desk.example"])
    assert codes(Facts(upstream=opinion)) == ({expected} if expected else set())


def test_what_the_sender_wrote_himself_is_not_read() -> None:
    stranger = ("Received", "from x (x [192.0.2.1]) by mx.evil.example")
    flags = Headers([stranger, ("X-Spam-Status", "No, score=-99 required=5")])
    assert upstream(flags, ["mx.desk.example"]) is None
    assert facts(mail(X_Spam_Flag="YES")).upstream is None, "no relay is trusted"


def test_a_known_sender_has_credit_unless_forged() -> None:
    known = Standing(known_contact=True, answered_before=True, in_thread=True)
    odd = Facts(trust=PROVEN, executable=True, double_extension=True)
    assert score(odd).points == 6.0
    assert score(odd, known).points == -4.0
    forged = Facts(trust=FORGED, executable=True)
    assert score(forged, known) == score(forged)


def test_every_reason_has_words_and_every_word_a_reason() -> None:
    assert set(REASONS) == set(POINTS)


opinions = st.none() | st.builds(Opinion, st.floats(-20, 20), st.floats(1, 15))
words = st.sampled_from(["pass", "fail", "softfail", "neutral", "none", "unknown"])
any_facts = st.builds(
    Facts,
    trust=st.builds(Trust, words, words, words),
    links_elsewhere=st.integers(0, 9),
    recipients=st.integers(0, 99),
    upstream=opinions,
    scanner=opinions,
)


@given(any_facts, st.builds(Standing, st.booleans(), st.booleans(), st.booleans()))
def test_standing_never_makes_it_worse_and_the_sum_is_of_its_reasons(
    found: Facts, standing: Standing
) -> None:
    plain, known = score(found), score(found, standing)
    assert known.points <= plain.points
    for one in (plain, known):
        assert one.points == pytest.approx(sum(points for _code, points in one.reasons))
