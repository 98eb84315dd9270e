"""What is done to templates and signatures; their only writers."""

from collections.abc import Iterable
from functools import partial

from django.core.files.base import File
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from helpline.core import audit
from helpline.core.access import Actor, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Invalid, NotAllowed
from helpline.knowledge import words
from helpline.knowledge.access import WRITERS
from helpline.knowledge.models import Signature, Template, TemplateFile
from helpline.people.models import Desk, Team, User

#: all files of one template together, in bytes
MOST_BYTES = 10 * 1024 * 1024


@transaction.atomic
def save_template(
    actor: Actor,
    desk: Desk,
    *,
    name: str,
    body: str,
    template: Template | None = None,
    team: Team | None = None,
    language: str = "en",
    category: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Template:
    """Write a new template, or `template` anew. Raises Invalid (`empty`, `placeholder`, `team`), NotAllowed."""
    require(actor, desk.pk, *WRITERS)
    if team is not None and team.desk_id != desk.pk:
        raise Invalid(_("This team belongs to another desk."), code="team")
    html = words.cleaned(body)
    if not name.strip() or not html:
        raise Invalid(_("A template needs a name and a text."), code="empty")
    template = template or Template(desk=desk)
    template.name, template.body, template.team = name.strip()[:120], html, team
    template.language, template.category = language, category.strip()[:80]
    template.updated_at, template.updated_by_id = clock.now(), actor.user_id
    template.save()
    template.checked.all().delete()
    _record(actor, "save", template, clock)
    return template


@transaction.atomic
def delete_template(actor: Actor, template: Template, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """The template is gone with its files; mails it went into stay as they are."""
    require(actor, template.desk_id, *WRITERS)
    _record(actor, "delete", template, clock)
    _erase(template.files.all())
    template.delete()


@transaction.atomic
def add_file(
    actor: Actor,
    template: Template,
    name: str,
    kind: str,
    content: File[bytes],
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> TemplateFile:
    """Put a file to the template. Raises Invalid (`too_large`)."""
    require(actor, template.desk_id, *WRITERS)
    size = content.size or 0
    if size + sum(template.files.values_list("size", flat=True)) > MOST_BYTES:
        raise Invalid(_("The files of a template are too large together."), code="too_large")
    file = TemplateFile(template=template, name=name[:255], type=kind[:120], size=size)
    file.content.save(f"{template.pk}-{name[-60:]}", content, save=False)
    file.save()
    _record(actor, "add_file", template, clock)
    return file


@transaction.atomic
def remove_file(actor: Actor, file: TemplateFile, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take a file away from its template."""
    require(actor, file.template.desk_id, *WRITERS)
    _record(actor, "remove_file", file.template, clock)
    _erase([file])
    file.delete()


def _erase(files: Iterable[TemplateFile]) -> None:
    for file in list(files):
        transaction.on_commit(partial(file.content.storage.delete, str(file.content.name)))


@transaction.atomic
def used(template: Template) -> None:
    """The template went into an answer; counted."""
    Template.objects.filter(pk=template.pk).update(used_count=F("used_count") + 1)


@transaction.atomic
def save_signature(
    actor: Actor,
    owner: User | Team | Desk,
    language: str,
    body: str,
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> Signature | None:
    """Set the signature of oneself, a team or a desk in a language; an empty one is taken away (None).

    Raises Invalid (`placeholder`), NotAllowed for somebody else's.
    """
    _may_sign(actor, owner)
    key = {User: "user", Team: "team", Desk: "desk"}[type(owner)]
    html = words.cleaned(body)
    mine = Signature.objects.filter(**{key: owner, "language": language})
    audit.record(actor, "save", "signature", f"{key}:{owner.pk}", changes={"language": language}, clock=clock)
    if not html:
        mine.delete()
        return None
    signature = mine.first() or Signature(**{key: owner, "language": language})
    signature.body, signature.updated_at = html, clock.now()
    signature.save()
    signature.checked.all().delete()
    return signature


def _may_sign(actor: Actor, owner: User | Team | Desk) -> None:
    if isinstance(owner, User):
        if owner.pk != actor.user_id:
            raise NotAllowed(_("Everybody writes their own signature."))
        return
    require(actor, owner.pk if isinstance(owner, Desk) else owner.desk_id, *WRITERS)


def _record(actor: Actor, verb: str, template: Template, clock: Clock) -> None:
    audit.record(
        actor,
        verb,
        "template",
        template.pk,
        desk_id=template.desk_id,
        changes={"name": template.name},
        clock=clock,
    )
