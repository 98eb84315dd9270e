"""A person at the desk's pages without a browser: signs in, opens pages, sends forms."""

from __future__ import annotations

import html
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

from tests.peers.desk import Desk

PASSWORD = "helpline"


class Pages:
    """``Pages(desk, "lena")`` is signed in. Every method blocks; call it in a thread."""

    def __init__(self, desk: Desk, user: str) -> None:
        self._desk = desk
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        self.open("/accounts/login/")
        self.send("/accounts/login/", login=user, password=PASSWORD)

    def open(self, path: str) -> str:
        """The words of a page, without its tags."""
        return _words(self._ask(urllib.request.Request(f"{self._desk.url}{path}"))[1])

    def send(self, path: str, **fields: object) -> str:
        """Sends a form; the words of the page it leads to. Raises AssertionError when it is refused."""
        status, body = self._ask(self._post(path, fields))
        assert status < 400, f"{status} {path}: {_words(body)[:3000]}"
        return _words(body)

    def press(self, path: str, **fields: object) -> Any:
        """Sends a form that is answered with JSON."""
        status, body = self._ask(self._post(path, fields))
        assert status < 400, f"{status} {path}: {body}"
        return json.loads(body) if body else None

    def _post(self, path: str, fields: dict[str, object]) -> urllib.request.Request:
        token = next((cookie.value for cookie in self._cookies if cookie.name == "csrftoken"), "")
        given = {name: str(value) for name, value in fields.items()} | {"csrfmiddlewaretoken": token or ""}
        request = urllib.request.Request(
            f"{self._desk.url}{path}", urllib.parse.urlencode(given).encode(), method="POST"
        )
        request.add_header("Referer", self._desk.url)
        return request

    def _ask(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")


def _words(page: str) -> str:
    text = re.sub(r"<(script|style|template)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
