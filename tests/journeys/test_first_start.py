"""`helpline run` without the demo on an empty directory: a link that works once, and no password that anybody knows."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.peers.database import own_database
from tests.peers.desk import Desk

pytestmark = [pytest.mark.switch]

FIRST = {
    "desk_name": "Initech",
    "language": "en",
    "timezone": "Europe/Helsinki",
    "country": "FI",
    "username": "maria",
    "password": "correct-horse-battery",
}


class Visitor:
    """A browser without scripts: cookies, forms, the status of the last answer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        self.status = 0
        self.url = ""

    def open(self, url: str, fields: dict[str, str] | None = None) -> str:
        """The page at the end of all redirects. With fields, a post of the form that was shown there."""
        data = None
        if fields is not None:
            token = next(one.value for one in self._cookies if "csrf" in one.name.lower())
            data = urlencode(fields | {"csrfmiddlewaretoken": token or ""}).encode()
        request = urllib.request.Request(url, data=data, headers={"Referer": url})
        try:
            with self._opener.open(request, timeout=20) as answer:
                self.status, self.url = answer.status, answer.url
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            self.status, self.url = error.code, url
            return error.read().decode()

    def sign_in(self, username: str, password: str) -> bool:
        page = f"{self._desk.url}/me/"
        self.open(page)
        self.open(self.url, {"login": username, "username": username, "password": password})
        self.open(f"{self._desk.url}/me/")
        return (self.url, self.status) == (f"{self._desk.url}/me/", 200)


def test_the_first_administrator(tmp_path: Path) -> None:
    with Desk(tmp_path, demo=False, **own_database()) as desk:
        link = desk.eventually(lambda: re.search(r"http://\S+/setup/\S+", desk.log), 20, "the link")[0]
        assert link.startswith(desk.url)
        with pytest.raises(AssertionError, match="There is no user 'ada'"):
            desk.command("token", "create", "ada")
        for name, password in (("admin", "admin"), ("ada", "helpline"), ("maria", FIRST["password"])):
            assert not Visitor(desk).sign_in(name, password)

        maria = Visitor(desk)
        assert "Initech" not in maria.open(link)
        assert "password" in maria.open(link, FIRST | {"password": "12345678"})
        assert maria.status == 422
        page = maria.open(link, FIRST)
        assert (maria.status, "maria" in page) == (200, True)
        assert Visitor(desk).sign_in("maria", FIRST["password"])

        mallory = Visitor(desk)
        mallory.open(link)
        refused = mallory.open(link, FIRST | {"username": "mallory"})
        assert mallory.status == 404
        assert "used or is too old" in refused
        assert not Visitor(desk).sign_in("mallory", FIRST["password"])
        agents = desk.api("GET", "/agents", user="maria")["items"]
        assert [agent["name"] for agent in agents] == ["maria"]

        desk.stop()
        shown = desk.log.count("/setup/")
        desk.start()
        desk.eventually(lambda: desk.log.count("Helpline is up") == 2, 20, "the second greeting")
        assert desk.log.count("/setup/") == shown
