"""Procedures and their versions: made, published, compared. A published version never changes."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from helpline.acd.models import Queue
from helpline.core import audit, outbox
from helpline.core.access import SYSTEM, Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid
from helpline.people.models import Desk
from helpline.procedure import access, events
from helpline.procedure.default import default_document
from helpline.procedure.document import Document
from helpline.procedure.models import Procedure, ProcedureVersion
from helpline.procedure.parsing import parse, to_data


@transaction.atomic
def create_procedure(
    actor: Actor,
    desk: Desk,
    name: str,
    document: Document,
    *,
    queue: Queue | None = None,
    language: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Procedure:
    """A new procedure with its first version. Raises Conflict when queue and language have one already."""
    require(actor, desk.pk, *access.EDITORS)
    if queue is not None and queue.desk_id != desk.pk:
        raise Invalid(_("This queue belongs to another desk."), code="other_desk")
    if Procedure.objects.filter(desk=desk, queue=queue, language=language).exists():
        raise Conflict(
            _("There is a procedure for this queue and language already."),
            help=_("Publish a new version of it instead."),
        )
    made = Procedure.objects.create(desk=desk, name=name, queue=queue, language=language)
    _add_version(actor, made, document, "", clock)
    return made


def create_default(desk: Desk, language: str, *, clock: Clock = SYSTEM_CLOCK) -> Procedure:
    """The procedure a desk starts with in a language; the one there is when it was made before."""
    document = default_document(language)
    known = Procedure.objects.filter(desk=desk, queue=None, language=document.language).first()
    if known:
        return known
    with translation.override(document.language):
        name = _("Handling a call")
    return create_procedure(SYSTEM, desk, name, document, language=document.language, clock=clock)


@transaction.atomic
def publish(
    actor: Actor,
    procedure: Procedure,
    data: object,
    *,
    note: str = "",
    based_on: int | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> ProcedureVersion:
    """Publish `data` (see procedure.parsing) as the next version; calls under way keep theirs.

    Raises DocumentInvalid, and Conflict when a version newer than `based_on` was published meanwhile.
    """
    access.require_editor(actor, procedure)
    Procedure.objects.select_for_update().get(pk=procedure.pk)
    document = parse(data)
    newest = procedure.versions.order_by("-number").first()
    if newest and based_on is not None and newest.number != based_on:
        raise Conflict(
            _("Version %(number)d was published meanwhile.") % {"number": newest.number},
            help=_("Look at what changed, and publish your changes on top of it."),
        )
    if newest and parse(newest.document) == document:
        raise Conflict(_("Nothing differs from the version in use."), code="unchanged")
    return _add_version(actor, procedure, document, note, clock)


def _add_version(
    actor: Actor, procedure: Procedure, document: Document, note: str, clock: Clock
) -> ProcedureVersion:
    newest = procedure.versions.order_by("-number").first()
    version = ProcedureVersion.objects.create(
        procedure=procedure,
        number=newest.number + 1 if newest else 1,
        document=to_data(document),
        published_at=clock.now(),
        published_by_id=actor.user_id,
        note=note.strip()[:200],
    )
    audit.record(
        actor,
        "publish",
        "procedure",
        procedure.pk,
        desk_id=procedure.desk_id,
        changes={"version": version.number},
        clock=clock,
    )
    outbox.emit(
        events.PUBLISHED,
        desk_id=procedure.desk_id,
        data={"procedure_id": procedure.pk, "version": version.number},
        clock=clock,
    )
    return version


def latest(procedure: Procedure) -> ProcedureVersion:
    """The version in use. Raises ProcedureVersion.DoesNotExist for a procedure without any."""
    return procedure.versions.order_by("-number")[:1].get()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison; `sign` is "+", "-" or "" (unchanged)."""

    sign: str
    text: str


def differences(before: Document, after: Document) -> list[Line]:
    """What differs between two versions, line by line; unchanged lines only around changes."""
    old, new = list(_lines(before)), list(_lines(after))
    shown = []
    for line in difflib.unified_diff(old, new, lineterm="", n=1):
        if line.startswith(("---", "+++", "@@")):
            continue
        shown.append(Line(line[0].strip(), line[1:]))
    return shown


def _lines(document: Document) -> Iterator[str]:
    data: dict[str, Any] = to_data(document)
    for number, step in enumerate(data["steps"], 1):
        yield f"{number}. {step['title']}"
        yield _("Say: %(text)s") % {"text": step["say"]}
        yield _("Aim: %(text)s") % {"text": step["aim"]}
        for asked in (*step["fields"], *step["ticks"]):
            need = f" ({_('required')})" if asked["required"] else ""
            yield f"· {asked['label']}{need}"
        for hint in step["hints"]:
            yield f"→ {hint}"
    for gate in data["gates"]:
        yield _("Gate: %(title)s") % {"title": gate["title"]}
        for way in gate["ways"]:
            yield f"· {way['label']}: {way['say']}"
