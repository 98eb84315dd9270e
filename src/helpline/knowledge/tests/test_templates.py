"""Lena writes answers once; what they link to is checked."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from helpline.core import placeholders
from helpline.core.access import Role
from helpline.core.clock import SetClock
from helpline.core.errors import Invalid, NotAllowed
from helpline.knowledge import link_check, template_actions, template_queries
from helpline.knowledge.link_check import Found
from helpline.knowledge.models import Checked, LinkState, Signature, Template
from helpline.people.access import actor_for
from helpline.people.models import Desk
from helpline.people.tests.factories import DeskFactory, TeamFactory, actor, person
from helpline.people.tests.permissions import ALL, wrongs

pytestmark = pytest.mark.django_db
WRITERS = {Role.SPECIALIST, Role.LEAD, Role.DESK_ADMIN}


@pytest.fixture(autouse=True)
def media(tmp_path, settings) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def desk() -> Desk:
    return DeskFactory()


def template(desk: Desk, body: str = "<div>Dear {contact},</div>", name: str = "Reset") -> Template:
    lena = actor(f"lena{Template.objects.count()}", Role.LEAD, desk=desk)
    return template_actions.save_template(lena, desk, name=name, body=body)


def test_a_template_is_cleaned_and_plain_text_keeps_its_lines(desk: Desk) -> None:
    assert template(desk, "<div onclick='x'>Hi<script>x</script></div>").body == "<div>Hi</div>"
    assert (
        template(desk, "Dear {contact},\nbye <now>").body == "<div>Dear {contact},<br>bye &lt;now&gt;</div>"
    )


def test_an_unknown_placeholder_is_named_with_those_that_exist(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        template(desk, "<div>Dear {customr}</div>")
    assert refused.value.code == "placeholder"
    assert "{customr}" in str(refused.value.message)
    assert "{contact}" in str(refused.value.help)


def test_braces_that_name_nothing_stay() -> None:
    assert placeholders.fill("<pre>{ a: 1 }</pre>", {}) == "<pre>{ a: 1 }</pre>"


def test_a_fact_nobody_knows_yet_is_to_be_seen_and_values_are_escaped(desk: Desk) -> None:
    user = person("bo", Role.AGENT, desk=desk)
    user.first_name = "<Bo>"
    assert placeholders.fill("{contact} {agent}", {"user": user}) == "[name of the customer] &lt;Bo&gt;"


def test_the_nearest_signature_in_the_customers_language_is_taken(desk: Desk) -> None:
    ada = person("ada", Role.LEAD, desk=desk)
    who, team = actor_for(ada), TeamFactory(desk=desk, name="Network")
    team.members.add(ada)
    for owner, language, body in (
        (desk, "en", "Desk"),
        (desk, "nl", "Balie"),
        (team, "en", "Network"),
        (ada, "en", "Ada"),
    ):
        template_actions.save_signature(who, owner, language, body)

    def best(*languages: str) -> str:
        found = template_queries.best_signature(template_queries.signature_rows(desk.pk, ada.pk), languages)
        return found.body if found else ""

    assert best("nl", "en") == "<div>Balie</div>"
    assert best("en") == "<div>Ada</div>"
    assert best("fi") == "<div>Ada</div>"
    template_actions.save_signature(who, ada, "en", "")
    assert best("en") == "<div>Network</div>"


def test_a_signature_of_somebody_else_is_theirs(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        template_actions.save_signature(actor("lena", Role.LEAD, desk=desk), person("bo"), "en", "x")
    with pytest.raises(NotAllowed):
        template_actions.save_signature(actor("ada", Role.AGENT, desk=desk), desk, "en", "x")


class Quiet(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200 if self.path == "/there" else 405 if self.path == "/get-only" else 404)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[str]:
    """A web server on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_links_are_tried_and_broken_ones_listed(desk: Desk, web: str) -> None:
    links = ["/there", "/get-only", "/gone"]
    body = "".join(f'<a href="{web}{one}">x</a>' for one in links) + '<a href="mailto:nobody">x</a>'
    made = template(desk, body)
    assert link_check.check_all(SetClock()) == 2
    found = {one.what.removeprefix(web): (one.state, one.detail) for one in made.checked.all()}
    assert found == {
        "/there": ("good", "200"),
        "/get-only": ("good", "405"),
        "/gone": ("broken", "404"),
        "mailto:nobody": ("broken", "address"),
    }
    client = Client()
    client.force_login(person("sven", Role.SPECIALIST, desk=desk))
    shown = client.get("/templates/").content.decode()
    assert f"{web}/gone" in shown
    assert f"{web}/there" not in shown


def test_without_a_network_no_link_is_called_broken(desk: Desk) -> None:
    made = template(desk, '<a href="https://a.example/">x</a><a href="https://b.example/">y</a>')
    nothing = Found(LinkState.BROKEN, "gaierror")
    assert link_check.check_all(SetClock(), probe=lambda url: nothing) == 0
    assert {one.state for one in made.checked.all()} == {"unknown"}


def test_a_file_that_is_gone_is_broken(desk: Desk) -> None:
    made = template(desk)
    lena = actor("lena", Role.LEAD, desk=desk)
    file = template_actions.add_file(lena, made, "plan.pdf", "application/pdf", ContentFile(b"%PDF"))
    assert link_check.check_all(SetClock()) == 0
    file.content.storage.delete(file.content.name)
    assert link_check.check_all(SetClock()) == 1
    assert Checked.objects.get(state="broken").what == "plan.pdf"


def test_pages_make_change_preview_and_delete(desk: Desk) -> None:
    client = Client()
    client.force_login(person("sven", Role.SPECIALIST, desk=desk))
    fields = {"desk": desk.pk, "name": "Reset", "language": "en", "body": "<div>Dear {contact}</div>"}
    assert client.post("/templates/new/", fields).status_code == 302
    made = Template.objects.get()
    assert "Carl Jansen" in client.post("/templates/preview/", {"body": made.body}).content.decode()
    assert "{nobody}" in client.post("/templates/preview/", {"body": "{nobody}"}).content.decode()
    answer = client.post(f"/templates/{made.pk}/", fields | {"body": "{nobody}"})
    assert answer.status_code == 422
    assert "There is no placeholder {nobody}." in answer.content.decode()
    upload = SimpleUploadedFile("plan.pdf", b"%PDF-", "application/pdf")
    client.post(f"/templates/{made.pk}/files/", {"files": [upload]})
    assert "plan.pdf" in client.get(f"/templates/{made.pk}/").content.decode()
    client.post(f"/templates/{made.pk}/delete/")
    assert not Template.objects.exists()
    client.post("/me/signature/", {"language": "en", "body": "Sven"})
    client.post(
        f"/desks/{desk.pk}/signatures/", {"language": "nl", "owner": f"desk-{desk.pk}", "body": "Balie"}
    )
    assert sorted(Signature.objects.values_list("body", flat=True)) == ["<div>Balie</div>", "<div>Sven</div>"]
    assert "Balie" in client.get(f"/desks/{desk.pk}/signatures/?language=nl").content.decode()
    assert "Sven" in client.get("/me/").content.decode()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("get", "/templates/", ALL),
        ("get", "/templates/new/", WRITERS),
        ("post", "/templates/preview/", WRITERS),
        ("get", "/templates/{id}/", WRITERS),
        ("post", "/templates/{id}/files/", WRITERS),
        ("get", "/desks/{desk}/signatures/", WRITERS),
    ],
)
def test_table(desk: Desk, method: str, path: str, allowed: set[Role]) -> None:
    made = template(desk)
    assert wrongs(path.format(id=made.pk, desk=desk.pk), method, allowed, desk) == []


def test_nothing_of_another_desk(desk: Desk) -> None:
    made = template(desk)
    client = Client()
    client.force_login(person("gil", *Role, desk=DeskFactory(key="globex")))
    assert client.get(f"/templates/{made.pk}/").status_code == 404
    assert client.post(f"/templates/{made.pk}/delete/").status_code == 404
    assert made.name not in client.get("/templates/").content.decode()
