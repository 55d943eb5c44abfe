"""Accounts for the console, as tests need them."""

from __future__ import annotations

from django.contrib.auth.models import Group, User

from portal.roles import Role

PASSWORD = "a pass phrase of four words"


def make_agent(name: str = "agent-one", role: Role = Role.AGENT) -> User:
    """An account with that role, which may sign in with `PASSWORD`."""
    user = User.objects.create_user(name, password=PASSWORD)
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user
