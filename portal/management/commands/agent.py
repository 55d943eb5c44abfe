"""`manage.py agent`: agents' accounts, for machines where nobody can get into the admin site."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from portal.accounts import people
from portal.accounts.people import COMMAND
from portal.roles import Role


class Command(BaseCommand):
    help = "Lists, makes and changes agents' accounts. What it changes is on record in the audit trail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
        what.add_parser("list", help="all accounts: number, name, roles, state")
        create = what.add_parser("create", help="a new account; prints a link to set its password")
        create.add_argument("name")
        create.add_argument("--role", action="append", choices=list(Role), default=[], help="may be given repeatedly")
        roles = what.add_parser("roles", help="give the account exactly these roles")
        roles.add_argument("name")
        roles.add_argument("role", nargs="*", choices=[*Role, []], metavar="ROLE")
        for name, words in (
            ("password-link", "print a link to set the password, good once and for 24 hours"),
            ("reset-second-factor", "forget app, passkeys and recovery codes; new ones are set up at the next sign-in"),
            ("switch-off", "let the account in no more, and out of all its sessions"),
            ("switch-on", "let it in again"),
        ):
            what.add_parser(name, help=words).add_argument("name")

    def handle(self, *, what: str, **said: Any) -> None:
        if what == "list":
            self._list()
        elif what == "create":
            self._create(said["name"], [Role(role) for role in said["role"]])
        else:
            self._change(what, _account(said["name"]), [Role(role) for role in said.get("role") or ()])

    def _list(self) -> None:
        strong = set(
            Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES).values_list("user_id", flat=True)
        )
        for user in User.objects.order_by("username").prefetch_related("groups"):
            held = sorted(group.name for group in user.groups.all())
            roles = ", ".join(["superuser", *held] if user.is_superuser else held) or "no role"
            state = "" if user.is_active else ", switched off"
            factor = "" if user.pk in strong else ", no second factor"
            self.stdout.write(f"{user.pk}\t{user.get_username()}\t{roles}{factor}{state}")

    def _create(self, name: str, roles: list[Role]) -> None:
        try:
            user = people.create(name, roles, COMMAND)
        except ValidationError as unfit:
            raise CommandError(" ".join(unfit.messages)) from None
        self.stdout.write(people.password_link(user, COMMAND))

    def _change(self, what: str, user: User, roles: list[Role]) -> None:
        match what:
            case "roles":
                changed = people.set_roles(user, roles, COMMAND)
            case "password-link":
                self.stdout.write(people.password_link(user, COMMAND))
                return
            case "reset-second-factor":
                changed = people.reset_second_factor(user, COMMAND) > 0
            case _:
                changed = people.switch(user, COMMAND, on=what == "switch-on")
        self.stdout.write("done" if changed else "nothing to change")


def _account(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no account {name!r}; see: manage.py agent list")
    return user
