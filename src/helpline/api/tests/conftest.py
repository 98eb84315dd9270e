import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from helpline.acd import commands
from helpline.acd.models import Command
from helpline.core.errors import DeskError
from helpline.people import actions as people_actions
from helpline.people.models import User
from helpline.procedure.tests.story import Story, tell

Ask = Callable[..., Any]


@pytest.fixture
def story(db: None) -> Story:
    return tell()


@pytest.fixture
def ask() -> Ask:
    """Send a request with somebody's token: `ask(user, "GET", "/calls")`."""
    tokens: dict[int, str] = {}

    def send(user: User | None, method: str, path: str, body: Any = None) -> Any:
        headers = {}
        if user is not None:
            token = tokens.get(user.pk) or people_actions.create_token(user, "test")
            tokens[user.pk] = token
            headers["Authorization"] = f"Bearer {token}"
        data = "" if body is None else json.dumps(body)
        return Client().generic(method, f"/api/v1{path}", data, "application/json", headers=headers)

    return send


class Phone:
    """Stands for the acd process: carries out what is asked at once, or refuses it."""

    def __init__(self) -> None:
        self.asked: list[Command] = []
        self.refusal: DeskError | None = None

    def carry_out(self, command: Command, timeout_s: float = 5.0) -> Command:
        self.asked.append(command)
        if self.refusal is not None:
            commands.refused(command, self.refusal)
        else:
            commands.done(command, {"said": "yes"})
        return _await(command, timeout_s)


_await = commands.await_result


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Phone:
    phone = Phone()
    monkeypatch.setattr(commands, "await_result", phone.carry_out)
    return phone
