"""Every refusal says why and what helps, in the form the asker can show."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from helpline.core.errors import Conflict, DeskError, NotAllowed
from helpline.people.models import User
from helpline.web.middleware import ShellMiddleware
from helpline.web.refusals import refuse

TAKEN = Conflict("Ben answered this call.", code="answered_elsewhere", help="It is gone from your phone.")


def ask(method: str = "GET", **headers: str) -> HttpRequest:
    request = RequestFactory(headers=headers).generic(method, "/phone/answer/")
    request.user = User(username="ada")
    request.csp_nonce = "n"  # type: ignore[attr-defined]  # the middleware sets it
    request.session = {}  # type: ignore[assignment]  # no messages in this story
    return request


def test_a_program_gets_code_message_and_help() -> None:
    answer = refuse(ask(Accept="application/json"), TAKEN)
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/json"
    assert b'"code": "answered_elsewhere"' in answer.content
    assert b'"help": "It is gone from your phone."' in answer.content


def test_a_button_of_the_page_gets_a_notice_that_leaves_the_page_alone() -> None:
    answer = refuse(ask("POST", **{"HX-Request": "true", "HX-Target": "phone-bar"}), TAKEN)
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#toasts", "beforeend")
    assert b"Ben answered this call." in answer.content
    assert b"It is gone from your phone." in answer.content
    assert b"<html" not in answer.content


@pytest.mark.django_db
def test_a_link_leads_to_a_page_that_says_what_helps(client: Client) -> None:
    client.force_login(User.objects.create(username="ada"))
    answer = client.get("/nowhere/", headers={"HX-Request": "true", "HX-Target": "main"})
    assert answer.status_code == 404
    assert b"There is no such page." in answer.content
    assert b"search with the / key" in answer.content
    assert b"<html" not in answer.content


@pytest.mark.django_db
def test_a_stranger_gets_a_page_without_the_shell(client: Client) -> None:
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert b'class="plain"' in answer.content
    assert b'id="rail"' not in answer.content


def _answer(_: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


@pytest.mark.parametrize("error", [NotAllowed("No.", help="Ask Lena."), TAKEN])
def test_the_middleware_turns_desk_errors_into_answers(error: DeskError) -> None:
    answer = ShellMiddleware(_answer).process_exception(ask(Accept="application/json"), error)
    assert answer is not None
    assert answer.status_code == error.status


def test_a_fault_is_not_hidden_as_a_refusal() -> None:
    assert ShellMiddleware(_answer).process_exception(ask(), ValueError("ours")) is None
