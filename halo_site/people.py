"""People and their roles, on the site and in spaces, in Django's admin. Changes stand in the audit log."""

from typing import Any, ClassVar

import django.contrib.auth.admin
from django import forms
from django.contrib import admin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from halo_site import audit
from halo_site.admin import Audited
from halo_site.datadir.spaces import all_spaces
from halo_site.models import SpaceMember
from halo_site.roles import Role, administrators

LAST = gettext_lazy(
    "There would be no administrator left: this is the last one who can sign in. "
    "Make somebody else an administrator first."
)


class PersonForm(UserChangeForm[User]):
    """Refuses what would leave nobody who can let people in."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        groups = data.get("groups") or ()
        has_role = any(group.name == Role.ADMINISTRATOR for group in groups)
        stays = data.get("is_active") and (data.get("is_superuser") or has_role)
        if not stays and leaves_nobody([self.instance.pk]):
            raise forms.ValidationError(LAST)
        return data


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """The same for whoever takes away the password that the last administrator signs in with."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("set_usable_password", True) and leaves_nobody([self.user.pk]):
            self.add_error("usable_password", LAST)
        return data


class MemberForm(forms.ModelForm[SpaceMember]):
    """One space, chosen by its name, and the role there."""

    space_id = forms.ChoiceField(label=gettext_lazy("Space"))

    class Meta:
        model = SpaceMember
        fields = ("space_id", "role")

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        choices = [(space.id, space.name) for space in all_spaces()]
        own = self.instance.space_id
        if own and own not in dict(choices):
            choices.append((own, _("a space that is gone (%(id)s)") % {"id": own}))
        self.fields["space_id"].choices = [("", "---------"), *choices]  # type: ignore[attr-defined]


class MemberInline(admin.TabularInline[SpaceMember, User]):
    """The spaces of a person."""

    model = SpaceMember
    form = MemberForm
    extra = 1
    verbose_name = gettext_lazy("role in one space")
    verbose_name_plural = gettext_lazy("Roles in single spaces")


@admin.register(User)
class PersonAdmin(Audited, django.contrib.auth.admin.UserAdmin):  # type: ignore[type-arg]
    """People who may sign in, and what they may do."""

    form = PersonForm
    change_password_form = PasswordForm
    inlines: ClassVar[Any] = [MemberInline]
    list_display = ("username", "email", "roles", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    filter_horizontal: ClassVar[Any] = ("groups",)
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("username", "password")}),
        (gettext_lazy("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (
            gettext_lazy("Role on the whole site"),
            {
                "fields": ("is_active", "groups", "is_superuser"),
                "description": gettext_lazy(
                    "The groups viewer, operator, manager and administrator are roles; the highest counts. "
                    "A superuser is an administrator. Without a role here, only the spaces below are seen."
                ),
            },
        ),
        (gettext_lazy("Important dates"), {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups", "memberships")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Somebody who is being made has no page for spaces yet."""
        return self.inlines if obj is not None else []

    @admin.display(description=gettext_lazy("roles"))
    def roles(self, person: User) -> str:
        """Of the whole site by name, and in how many spaces there is one."""
        names = [str(Role.ADMINISTRATOR.label)] if person.is_superuser else []
        names += [str(Role(group.name).label) for group in person.groups.all() if group.name in Role.values]
        count = len(person.memberships.all())
        if count:
            names.append(_("in %(count)d of the spaces") % {"count": count})
        return ", ".join(names) or _("none")

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        request.roles_before = roles_of(obj.pk) if change else None  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        before, after = getattr(request, "roles_before", None), roles_of(form.instance.pk)
        if before != after and (before or _grants(after)):
            person, actor = form.instance, audit.person(request.user)
            audit.record(
                actor, "change_roles", object_type="user", object_id=str(person.pk), now=timezone.now(),
                summary=str(person), before=before, after=after,
            )  # fmt: skip

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """In one transaction, as the other pages: who is the last administrator is asked under a lock."""
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The last administrator stands among what keeps this from being done."""
        found, counts, needed, kept = super().get_deleted_objects(objs, request)
        if leaves_nobody([person.pk for person in objs]):
            kept = [*kept, str(LAST)]
        return found, counts, needed, kept

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Asked again within the transaction: the list's action looks before it begins one."""
        with transaction.atomic():
            if leaves_nobody(list(queryset.values_list("pk", flat=True))):
                raise PermissionDenied(str(LAST))
            super().delete_queryset(request, queryset)


@admin.register(Group)
class GroupAdmin(Audited, django.contrib.auth.admin.GroupAdmin):
    """Groups of people. Those that are the roles stay as they are."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_role(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_role(obj) and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        found, counts, needed, kept = super().get_deleted_objects(objs, request)
        roles = [_("The group %(name)s is a role.") % {"name": obj} for obj in objs if _is_role(obj)]
        return found, counts, needed, [*kept, *roles]


def leaves_nobody(people: list[Any]) -> bool:
    """Whether without these people no administrator who can sign in is left, and one of them is one.

    Only who has a password can, unless nobody of them has one: then something else signs people in.
    Holds the group until the transaction ends, so that of two who take the role from each other one comes
    second.
    """
    with transaction.atomic():
        list(Group.objects.select_for_update().filter(name=Role.ADMINISTRATOR))
    switched_on = administrators()
    with_password = switched_on.exclude(password="").exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    known = set((with_password or switched_on).values_list("pk", flat=True))
    return bool(known) and known <= set(people)


def roles_of(person_id: Any) -> dict[str, Any]:
    """What decides what a person may do, for the audit log."""
    person = User.objects.get(pk=person_id)
    names = {space.id: space.name for space in all_spaces()}
    members = SpaceMember.objects.filter(user=person).order_by("space_id").values_list("space_id", "role")
    return {
        "active": person.is_active,
        "superuser": person.is_superuser,
        "groups": sorted(person.groups.values_list("name", flat=True)),
        "spaces": {f"{names.get(space_id, '')} {space_id}".strip(): role for space_id, role in members},
    }


def _grants(roles: dict[str, Any]) -> bool:
    return bool(roles["superuser"] or roles["groups"] or roles["spaces"])


def _is_role(group: Any) -> bool:
    return group is not None and group.name in Role.values
