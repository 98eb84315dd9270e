"""Pages about people: list, one person, skills matrix, own account, first set-up."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from helpline.core.access import Actor, Role
from helpline.core.errors import Conflict, Invalid, NotFound
from helpline.core.ids import new_secret
from helpline.people import access, actions, queries
from helpline.people.forms import ROLE_LABELS, NewUserForm, SetupForm, SkillForm
from helpline.people.models import ApiToken, Skill, User

seeing = access.page(Role.DESK_ADMIN, Role.PHONE_ADMIN, Role.LEAD, Role.MANAGER)
skilling = access.page(Role.DESK_ADMIN, Role.PHONE_ADMIN, Role.LEAD)
ruling = access.page(Role.DESK_ADMIN)


@require_GET
@seeing
def people_list(request: HttpRequest) -> HttpResponse:
    """Everybody at the actor's desks, with roles and teams."""
    actor = access.actor(request)
    return _people(request, actor, NewUserForm(actor))


def _people(request: HttpRequest, actor: Actor, form: NewUserForm, status: int = 200) -> HttpResponse:
    users = access.users(actor).select_related("presence").prefetch_related("grants__desk", "teams")
    found = {
        "rows": [(user, sorted({team.name for team in user.teams.all()})) for user in users],
        "form": form,
        "role_labels": {str(role): label for role, label in ROLE_LABELS.items()},
        "may_rule": actor.may(None, Role.DESK_ADMIN),
    }
    return render(request, "people/list.html", found, status=status)


@require_POST
@sensitive_post_parameters("password")
@ruling
def new_user(request: HttpRequest) -> HttpResponse:
    """Make a colleague with a first role."""
    actor = access.actor(request)
    form = NewUserForm(actor, request.POST)
    if not form.is_valid():
        return _people(request, actor, form, status=422)
    given = dict(form.cleaned_data)
    desk, role = given.pop("desk"), Role(given.pop("role"))
    try:
        with transaction.atomic():
            user = actions.create_user(actor, given.pop("username"), phone_password=new_secret(), **given)
            actions.grant(actor, user, desk, role)
    except (Conflict, Invalid) as error:
        form.add_error(None, str(error.message))
        return _people(request, actor, form, status=error.status)
    messages.success(request, _("%s may sign in now.") % user.display_name)
    return redirect("people:person", username=user.username)


@require_GET
@seeing
def person(request: HttpRequest, username: str) -> HttpResponse:
    """One colleague: roles per desk, skills, phone account."""
    actor = access.actor(request)
    user = access.user(actor, username)
    return render(request, "people/person.html", _person(actor, user))


def _person(actor: Actor, user: User) -> dict[str, object]:
    held = set(user.grants.values_list("desk_id", "role"))
    desks = list(access.desks(actor))
    grid = [
        (
            desk,
            actor.may(desk.pk, Role.DESK_ADMIN),
            [(role, label, (desk.pk, str(role)) in held) for role, label in ROLE_LABELS.items()],
        )
        for desk in desks
    ]
    skills, rows = queries.skills_matrix([user])
    return {
        "person": user,
        "grid": grid,
        "skills": rows[0].levels if skills else (),
        "account": queries.phone_account(user),
        "may_rule": actor.may(None, Role.DESK_ADMIN),
        "may_skill": actor.may(None, Role.DESK_ADMIN, Role.PHONE_ADMIN, Role.LEAD),
    }


@require_POST
@ruling
def roles(request: HttpRequest, username: str, desk_id: int) -> HttpResponse:
    """Set what a person does at a desk."""
    actor = access.actor(request)
    # a newcomer of another desk may be asked in: whoever administers the desk decides
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFound(_("There is no such person."))
    wanted = [role for role in Role if str(role) in request.POST.getlist("role")]
    actions.set_roles(actor, user, access.desk(actor, desk_id), wanted)
    messages.success(request, _("Roles saved."))
    return redirect("people:person", username=username)


@require_POST
@ruling
def active(request: HttpRequest, username: str) -> HttpResponse:
    """Let a person in, or keep them out."""
    actor = access.actor(request)
    actions.set_active(actor, access.user(actor, username), request.POST.get("active") == "1")
    return redirect("people:person", username=username)


@require_GET
@skilling
def skills(request: HttpRequest) -> HttpResponse:
    """The skills matrix of the workers at the actor's desks."""
    actor = access.actor(request)
    users = list(queries.members_of_desk(actor.desk_ids))
    known, rows = queries.skills_matrix(users)
    return render(request, "people/skills.html", {"skills": known, "rows": rows})


@require_POST
@skilling
def skill(request: HttpRequest, username: str, key: str) -> HttpResponse:
    """Save one cell of the matrix."""
    actor = access.actor(request)
    found = Skill.objects.filter(key=key).first()
    form = SkillForm(request.POST)
    if found is None or not form.is_valid():
        raise Invalid(_("A skill level is a number from 0 to 100."), code="level")
    actions.set_skill(actor, access.user(actor, username), found, form.cleaned_data["level"] or 0)
    return HttpResponse(status=204)


@require_GET
@access.page()
def me(request: HttpRequest) -> HttpResponse:
    """Own account: tokens, phone account."""
    return _me(request)


def _me(request: HttpRequest, token: str = "") -> HttpResponse:
    user = _self(request)
    found = {
        "tokens": ApiToken.objects.filter(user=user, revoked_at=None).order_by("-created_at"),
        "token": token,
        "account": queries.phone_account(user),
    }
    return render(request, "people/me.html", found)


def _self(request: HttpRequest) -> User:
    return access.myself(access.actor(request))


@require_POST
@access.page()
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token; its text is shown this once."""
    name = request.POST.get("name", "").strip()[:80]
    if not name:
        raise Invalid(_("A token needs a name: what is it for?"), code="name")
    return _me(request, actions.create_token(_self(request), name, actor=access.actor(request)))


@require_POST
@access.page()
def drop_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke an own token."""
    actor = access.actor(request)
    token = ApiToken.objects.filter(pk=token_id, user=access.myself(actor)).first()
    if token is None:
        raise NotFound(_("There is no such token."))
    actions.revoke_token(actor, token)
    return redirect("people:me")


@require_POST
@sensitive_post_parameters("password")
@access.page()
def phone_password(request: HttpRequest) -> HttpResponse:
    """Set the password of one's own desk phone."""
    password = request.POST.get("password", "")
    if len(password) < 8:
        raise Invalid(_("A phone password has at least eight characters."), code="password")
    actions.set_phone_password(_self(request), password, actor=access.actor(request))
    messages.success(request, _("The phone password is set. Give it to your telephone."))
    return redirect("people:me")


@sensitive_post_parameters("password")
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """The one-time link: the first desk and its administrator, who is signed in at once."""
    form = SetupForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "people/setup.html", {"form": form}, status=422 if form.is_bound else 200)
    try:
        user = _set_up(secret, dict(form.cleaned_data))
    except (Conflict, Invalid) as error:
        form.add_error(None, str(error.message))
        return render(request, "people/setup.html", {"form": form}, status=error.status)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(settings.LOGIN_REDIRECT_URL)


def _set_up(secret: str, given: dict[str, str]) -> User:
    desk = actions.DeskFacts(given["desk_name"], given["language"], given["timezone"], given["country"])
    return actions.use_setup_link(secret, username=given["username"], password=given["password"], desk=desk)
