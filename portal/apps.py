from typing import Any

from django.apps import AppConfig
from django.core.signals import request_finished
from django.db.models.signals import post_migrate


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from portal import watching
        from portal.accounts import records

        post_migrate.connect(_make_groups, sender=self)
        request_finished.connect(_count_refusals)
        records.connect()
        watching.begin()


def _make_groups(using: str, **kwargs: Any) -> None:
    """The groups that roles stand for. After each migration rather than in one: they come back by themselves."""
    from django.contrib.auth.models import Group

    from portal.roles import Role

    for role in Role:
        Group.objects.using(using).get_or_create(name=role)


def _count_refusals(**kwargs: Any) -> None:
    """What limits refused, once the request's own transactions have ended."""
    from diagnostics.services import refusals

    refusals.write()
