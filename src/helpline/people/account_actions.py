"""Accounts: users, phone passwords, API tokens, the one-time link of the first administrator."""

from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from helpline.core import audit, outbox
from helpline.core.access import SYSTEM, Actor, Role, require
from helpline.core.clock import SYSTEM as SYSTEM_CLOCK
from helpline.core.clock import Clock
from helpline.core.errors import Conflict, Invalid, NotFound
from helpline.core.ids import new_secret
from helpline.people import accounts, desk_actions, events
from helpline.people.models import (
    ApiToken,
    Desk,
    PhoneAccount,
    Presence,
    RoleGrant,
    SetupLink,
    User,
)

SETUP_LINK_HOURS = 24
#: what switches call a caller whom they do not know; nobody may have a telephone of that name
STRANGER = "anonymous"


@transaction.atomic
def create_user(
    actor: Actor,
    username: str,
    *,
    password: str,
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    language: str = "en",
    phone_password: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> User:
    """Make a person who works with Helpline, offline, with a phone account when `phone_password` is given.

    Raises Conflict when the name is taken, Invalid when name or password will not do.
    """
    require(actor, None, Role.DESK_ADMIN)
    _check_username(username)
    user = User(username=username, first_name=first_name, last_name=last_name, email=email, language=language)
    _check_password(password, user, actor)
    user.set_password(password)
    user.save()
    Presence.objects.create(user=user, since=clock.now())
    if phone_password:
        set_phone_password(user, phone_password, actor=actor, clock=clock)
    audit.record(actor, "create_user", "user", user.pk, changes={"username": username}, clock=clock)
    _changed(user, clock)
    return user


def _check_username(username: str) -> None:
    if not username or slugify(username, allow_unicode=False).replace("-", "") != username.replace("-", ""):
        raise Invalid(
            _("A user name has small letters, digits and hyphens."),
            code="username",
            help=_("For example: ada, or ada-2."),
        )
    if username == STRANGER or User.objects.filter(username=username).exists():
        raise Conflict(_("This user name is taken."), code="username_taken", help=_("Choose another one."))


def _check_password(password: str, user: User, actor: Actor) -> None:
    if actor.is_system:
        return  # the demo and the command line choose their own
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), code="password") from error


@transaction.atomic
def set_phone_password(
    user: User, password: str, *, actor: Actor = SYSTEM, clock: Clock = SYSTEM_CLOCK
) -> PhoneAccount:
    """Give the user a SIP account of the same name; only the digest hash is kept."""
    if not actor.is_system and actor.user_id != user.pk:
        require(actor, None, Role.DESK_ADMIN, Role.PHONE_ADMIN)
    account, _made = PhoneAccount.objects.update_or_create(
        user=user,
        defaults={
            "username": user.username,
            "realm": accounts.REALM,
            "ha1_md5": accounts.ha1(user.username, password),
            "ha1_sha256": accounts.ha1_sha256(user.username, password),
            "changed_at": clock.now(),
        },
    )
    audit.record(actor, "set_phone_password", "user", user.pk, clock=clock)
    outbox.emit(
        events.PHONE_ACCOUNT_CHANGED,
        topics=(f"user:{user.pk}",),
        data={"user_id": user.pk, "username": user.username},
        clock=clock,
    )
    return account


@transaction.atomic
def set_active(actor: Actor, user: User, active: bool, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Let a person in or keep them out; what they did stays. Raises Conflict for oneself."""
    require(actor, None, Role.DESK_ADMIN)
    if actor.user_id == user.pk and not active:
        raise Conflict(_("You cannot lock yourself out."), help=_("Ask another administrator."))
    User.objects.filter(pk=user.pk).update(is_active=active)
    user.is_active = active
    audit.record(actor, "set_active", "user", user.pk, changes={"active": active}, clock=clock)
    _changed(user, clock)


def _changed(user: User, clock: Clock) -> None:
    outbox.emit(
        events.USER_CHANGED, topics=events.user_topics(user.pk), data={"user_id": user.pk}, clock=clock
    )


@transaction.atomic
def create_token(user: User, name: str, *, actor: Actor = SYSTEM, clock: Clock = SYSTEM_CLOCK) -> str:
    """Make a bearer token and return its text, which cannot be read again."""
    text = f"hl_{new_secret(30)}"
    token = ApiToken.objects.create(
        user=user, name=name, digest=accounts.digest(text), created_at=clock.now()
    )
    audit.record(
        actor, "create_token", "user", user.pk, changes={"token": token.pk, "name": name}, clock=clock
    )
    return text


@transaction.atomic
def revoke_token(actor: Actor, token: ApiToken, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """The token opens nothing from now on."""
    if actor.user_id != token.user_id:
        require(actor, None, Role.DESK_ADMIN)
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now())
    audit.record(actor, "revoke_token", "user", token.user_id, changes={"token": token.pk}, clock=clock)


def token_used(text: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Note the use of a token, at most once a minute so that reading stays cheap."""
    now = clock.now()
    stale = ApiToken.objects.filter(digest=accounts.digest(text)).exclude(
        last_used_at__gt=now - timedelta(minutes=1)
    )
    stale.update(last_used_at=now)


@transaction.atomic
def make_setup_link(*, clock: Clock = SYSTEM_CLOCK) -> str:
    """Make the secret of a one-time link (valid 24 hours) with which the first administrator is made.

    Raises Conflict when an administrator exists. Older unused links end.
    """
    if RoleGrant.objects.filter(role=Role.DESK_ADMIN).exists():
        raise Conflict(_("There is an administrator already."), code="set_up")
    now = clock.now()
    SetupLink.objects.filter(used_at=None).update(expires_at=now)
    secret = new_secret()
    SetupLink.objects.create(
        digest=accounts.digest(secret), created_at=now, expires_at=now + timedelta(hours=SETUP_LINK_HOURS)
    )
    return secret


@transaction.atomic
def use_setup_link(
    secret: str,
    *,
    username: str,
    password: str,
    desk: desk_actions.DeskFacts,
    clock: Clock = SYSTEM_CLOCK,
) -> User:
    """Make the first desk and its administrator, once.

    They speak the desk's language and also lead it, so that they can take the first call themselves. Raises
    NotFound for a used, old or wrong link, Invalid for what cannot be.
    """
    now = clock.now()
    taken = SetupLink.objects.filter(digest=accounts.digest(secret), used_at=None, expires_at__gt=now).update(
        used_at=now
    )
    if not taken:
        raise NotFound(
            _("This link was used or is too old."),
            help=_("Restart Helpline: it prints a new one while there is no administrator."),
        )
    _check_password(password, User(username=username), Actor(user_id=None, name="setup"))
    user = create_user(
        SYSTEM,
        username,
        password=password,
        language=desk.language,
        phone_password=new_secret(),
        clock=clock,
    )
    known = Desk.objects.filter(name__iexact=desk.name.strip()).first()
    first = known or desk_actions.create_desk(SYSTEM, desk, clock=clock)
    for role in (Role.DESK_ADMIN, Role.PHONE_ADMIN, Role.LEAD):
        RoleGrant.objects.get_or_create(user=user, desk=first, role=role)
    team = first.teams.order_by("tier", "pk").first()
    if team is not None:
        team.members.add(user)
    audit.record(SYSTEM, "set_up", "user", user.pk, desk_id=first.pk, clock=clock)
    return user
