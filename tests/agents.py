"""Accounts for the console, as tests need them."""

from __future__ import annotations

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.contrib.auth.models import Group, User
from django.test import Client

from portal.roles import Role

PASSWORD = "a pass phrase of four words"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make_agent(name: str = "agent-one", role: Role | None = Role.AGENT, *, second_factor: bool = True) -> User:
    """An account with that role, which may sign in with `PASSWORD` and, unless told otherwise, a code of its app."""
    user = User.objects.create_user(name, password=PASSWORD)
    if role:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    if second_factor:
        TOTP.activate(user, TOTP_SECRET)
    return user


def totp_code(user: User, *, step: int = 0) -> str:
    """What the app of the account shows now, or some steps of 30 s later. Each code is good once."""
    app = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    return format_hotp_value(hotp_value(decrypt(app.data["secret"]), int(time.time()) // 30 + step))


def signed_in(client: Client, user: User) -> Client:
    """The browser after a whole sign-in, with password and code. `force_login` does where that is not the matter."""
    client.post("/console/sign-in/", {"username": user.get_username(), "password": PASSWORD})
    response = client.post("/console/sign-in/second-factor/", {"code": totp_code(user)})
    assert response.status_code == 302, response.content.decode()
    return client
