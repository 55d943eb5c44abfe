"""What is done to agents' accounts, by an administrator, a command or the identity provider; each on record."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from diagnostics.services import audit
from diagnostics.services.audit import Action, Actor
from portal.roles import Role

COMMAND = Actor("command", "manage.py agent")


def by_system(name: str, source: str = "") -> Actor:
    return Actor("system", name, source)


@transaction.atomic
def create(name: str, roles: Iterable[Role], actor: Actor) -> User:
    """An account without a password: its agent sets one by `password_link`. Raises ValidationError (name)."""
    user = User(username=User.normalize_username(name))
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save()
    user.groups.set(_groups(roles))
    note(user, actor, "created", roles=_named(roles))
    return user


@transaction.atomic
def set_roles(user: User, roles: Iterable[Role], actor: Actor) -> bool:
    """The account has exactly these roles from now on; whether that changed anything. Other groups stay."""
    wanted, held = {str(role) for role in roles}, roles_of(user)
    if wanted == held:
        return False
    user.groups.remove(*Group.objects.filter(name__in=held - wanted))
    user.groups.add(*_groups(wanted - held))
    note(user, actor, "roles", roles=_named(wanted))
    return True


@transaction.atomic
def switch(user: User, actor: Actor, *, on: bool) -> bool:
    """Let the account in, or out of all its sessions at once; whether that changed anything."""
    if user.is_active == on:
        return False
    user.is_active = on
    user.save(update_fields=["is_active"])
    note(user, actor, "switched-on" if on else "switched-off")
    return True


@transaction.atomic
def reset_second_factor(user: User, actor: Actor) -> int:
    """Forget the app, passkeys and recovery codes; how many. The agent sets up new ones at the next page."""
    found = Authenticator.objects.filter(user=user)
    number = found.count()
    if number:
        found.delete()
        note(user, actor, "second-factor-reset")
    return number


def password_link(user: User, actor: Actor) -> str:
    """A link by which whoever has it sets the account's password: once, within `PASSWORD_RESET_TIMEOUT` seconds."""
    account = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    path = reverse("account_set_password", kwargs={"uidb64": account, "token": token})
    note(user, actor, "password-link")
    return f"{settings.PORTAL_URL}{path}"


def note(user: User, actor: Actor, change: str, **codes: str) -> None:
    """Write it down. The account goes by its number: names belong into no `detail`."""
    audit.write(actor, Action.AGENT_CHANGED, account=user.pk, change=change, **codes)


def roles_of(user: User) -> set[str]:
    return set(user.groups.filter(name__in=list(Role)).values_list("name", flat=True))


def _groups(roles: Iterable[str]) -> list[Group]:
    return [Group.objects.get_or_create(name=str(role))[0] for role in roles]


def _named(roles: Iterable[str]) -> str:
    return ",".join(sorted(str(role) for role in roles))
