"""Parameters of a request: query and JSON body together, as ARI allows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, cast

from aiohttp import web

from helpline_switch.core.channel import CallerId, Spy
from helpline_switch.core.errors import BadParameter

_CALLER = re.compile(r'\s*(?:"?(?P<name>[^"<]*?)"?\s*)?<(?P<number>[^<>]*)>\s*')
_ID = re.compile(r"[\x21-\x7e]{1,150}")


class Params:
    """Reads parameters with their types. Raises BadParameter, which names the parameter."""

    def __init__(self, query: Mapping[str, str], body: Mapping[str, Any]) -> None:
        self._query = query
        self.body = body

    def text(self, name: str, default: str = "") -> str:
        value = self._query.get(name, self.body.get(name, default))
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str | int | float):
            raise BadParameter(f"{name} must be a text")
        return str(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise BadParameter(f"{name} is required")
        return value

    def optional(self, name: str) -> str | None:
        return self.text(name) or None

    def number(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        try:
            return int(text)
        except ValueError as error:
            raise BadParameter(f"{name} must be a whole number") from error

    def flag(self, name: str) -> bool:
        return self.text(name, "false").lower() in ("true", "1", "yes")

    def words(self, name: str) -> list[str]:
        """A comma list, or a JSON list."""
        value = self.body.get(name) if name not in self._query else self._query[name]
        if isinstance(value, list):
            return [str(item) for item in value]
        return [word for word in str(value or "").split(",") if word]

    def identity(self, name: str) -> str | None:
        """An id chosen by the client: printable ASCII without spaces."""
        value = self.optional(name)
        if value is not None:
            check_id(value)
        return value

    def variables(self) -> dict[str, str]:
        """The ``variables`` object of the body."""
        found = self.body.get("variables", {})
        if not isinstance(found, dict):
            raise BadParameter("variables must be an object")
        return {str(name): str(value) for name, value in found.items()}

    def caller(self) -> CallerId:
        """``callerId`` as ``"Name" <number>``, ``<number>`` or a bare number."""
        text = self.text("callerId")
        found = _CALLER.fullmatch(text)
        if found is None:
            return CallerId(number=text.strip())
        return CallerId((found["name"] or "").strip(), found["number"].strip())

    def direction(self) -> Literal["in", "out", "both"]:
        value = self.text("direction", "both")
        if value not in ("in", "out", "both"):
            raise BadParameter("direction must be in, out or both")
        return cast(Literal["in", "out", "both"], value)

    def side(self, name: str) -> Spy:
        value = self.text(name, "none")
        if value not in ("none", "in", "out", "both"):
            raise BadParameter(f"{name} must be none, in, out or both")
        return cast(Spy, value)


def check_id(value: str) -> str:
    """Raises BadParameter for an id that is no plain token."""
    if not _ID.fullmatch(value):
        raise BadParameter("an id must be printable ASCII without spaces, 150 characters at most")
    return value


async def params(request: web.Request) -> Params:
    """The parameters of a request. Raises BadParameter for a body that is no JSON object."""
    if not request.can_read_body:
        return Params(request.query, {})
    raw = await request.read()
    if not raw.strip() or request.content_type != "application/json":
        return Params(request.query, {})
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise BadParameter("Invalid JSON in the request body") from error
    if not isinstance(body, dict):
        raise BadParameter("the request body must be a JSON object")
    return Params(request.query, body)
