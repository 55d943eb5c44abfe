"""Django's admin site at /admin/, behind the console's door: agents' accounts and their roles.

Accounts are switched off, not deleted: what they did stays on record under their name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from portal.access import actor_of, may
from portal.accounts import people
from portal.console.sign_in import sign_out
from portal.roles import Right, Role

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    AuthenticatorInline = admin.TabularInline[Authenticator, User]
    AccountModelForm = forms.ModelForm[User]
else:
    ModelAdmin, AuthenticatorInline, AccountModelForm = admin.ModelAdmin, admin.TabularInline, forms.ModelForm


class PortalAdmin(admin.AdminSite):
    site_title = site_header = _("Where’s my code? Accounts")
    index_title = _("Accounts")
    site_url = "/console/"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return may(request, Right.MANAGE)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """No second way in."""
        if isinstance(request.user, User):
            if self.has_permission(request):
                return redirect("admin:index")
            return render(request, "console/no_agent.html", status=403)
        return redirect_to_login(request.GET.get("next") or "/admin/")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        return sign_out(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        return redirect("account_change_password")

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        return redirect("mfa_index")


class _Managed(ModelAdmin):
    """The right of a role decides, not Django's permissions."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request, Right.MANAGE)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, Right.MANAGE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AccountForm(AccountModelForm):
    """`editor` is who fills it in: nobody takes the keys from themselves by accident."""

    editor: User
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,
        choices=[(role.value, role.value) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What each may do is in docs/agents.md. An account without a role may do nothing."),
    )

    class Meta:
        model = User
        fields = ("username", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["roles"] = sorted(people.roles_of(self.instance))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if self.instance.pk == self.editor.pk and not self.editor.is_superuser:
            if not said.get("is_active", True):
                self.add_error("is_active", _("You cannot switch yourself off."))
            if Role.ADMIN not in said.get("roles", ()):
                self.add_error("roles", _("You cannot take the role admin from yourself."))
        return said


class SecondFactors(AuthenticatorInline):
    model = Authenticator
    fields = readonly_fields = ("type", "created_at", "last_used_at")
    verbose_name_plural = _("Second factors")
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, Right.MANAGE)


class Accounts(_Managed):
    form = AccountForm
    list_display = ("username", "held_roles", "is_active", "second_factor", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("username",)
    ordering = ("username",)
    actions = ("link", "reset", "switch_off", "switch_on")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        found: QuerySet[User] = super().get_queryset(request)
        return found.prefetch_related("groups", "authenticator_set")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return settings.LOCAL_SIGN_IN and may(request, Right.MANAGE)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, Right.MANAGE)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return ["username", "is_active", "roles", "date_joined", "last_login"] if obj else ["username", "roles"]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """A name is for good: the audit trail knows the account by it."""
        return ["username", "date_joined", "last_login"] if obj else []

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[type[Any]]:
        return [SecondFactors] if obj else []

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, change, **kwargs)
        return type(made.__name__, (made,), {"editor": request.user})

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """The database holds what was before; each difference is one entry of the audit trail."""
        roles, actor = [Role(role) for role in form.cleaned_data["roles"]], actor_of(request)
        with transaction.atomic():
            if change:
                kept = User.objects.select_for_update().get(pk=obj.pk)
                people.switch(kept, actor, on=form.cleaned_data["is_active"])
                people.set_roles(kept, roles, actor)
                return
            made = people.create(form.cleaned_data["username"], roles, actor)
        obj.pk = made.pk
        obj.refresh_from_db()
        self._show_link(request, obj)

    @admin.display(description=_("Roles"))
    def held_roles(self, account: User) -> str:
        names = sorted(group.name for group in account.groups.all())
        return ", ".join(["superuser", *names] if account.is_superuser else names)

    @admin.display(description=_("Second factor"), boolean=True)
    def second_factor(self, account: User) -> bool:
        return any(one.type != Authenticator.Type.RECOVERY_CODES for one in account.authenticator_set.all())

    @admin.action(description=_("Make a link to set the password"))
    def link(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for account in chosen:
            self._show_link(request, account)

    @admin.action(description=_("Reset the second factor"))
    def reset(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        done = sum(people.reset_second_factor(account, actor_of(request)) > 0 for account in chosen)
        self._say(request, done, "Second factor of %d account reset.", "Second factors of %d accounts reset.")

    @admin.action(description=_("Switch off"))
    def switch_off(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        others = chosen.exclude(username=request.user.get_username())
        done = sum(people.switch(account, actor_of(request), on=False) for account in others)
        self._say(request, done, "%d account switched off.", "%d accounts switched off.")
        if len(others) < len(chosen):
            self.message_user(request, _("You cannot switch yourself off."), messages.WARNING)

    @admin.action(description=_("Switch on"))
    def switch_on(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        done = sum(people.switch(account, actor_of(request), on=True) for account in chosen)
        self._say(request, done, "%d account switched on.", "%d accounts switched on.")

    def _say(self, request: HttpRequest, number: int, one: str, many: str) -> None:
        self.message_user(request, ngettext(one, many, number) % number)

    def _show_link(self, request: HttpRequest, account: User) -> None:
        if not settings.LOCAL_SIGN_IN:
            self.message_user(request, _("Passwords are switched off (LOCAL_SIGN_IN)."), messages.WARNING)
            return
        words = _("Link to set the password of %(name)s. It works once, for 24 hours, and is shown only here: %(link)s")
        link = people.password_link(account, actor_of(request))
        self.message_user(request, words % {"name": account.get_username(), "link": link}, messages.WARNING)


class Roles(_Managed):
    """For looking: a role is a group of that name, and what it may stands in the code."""

    list_display = ("name", "members")
    fields = readonly_fields = ("name", "members")
    ordering = ("name",)

    @admin.display(description=_("Accounts"))
    def members(self, role: Group) -> str:
        return ", ".join(role.user_set.order_by("username").values_list("username", flat=True)) or "–"


site = PortalAdmin(name="admin")
site.register(User, Accounts)
site.register(Group, Roles)
