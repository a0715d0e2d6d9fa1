"""What a person decides when installing, besides the configuration."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from app_manager.exceptions import SpaceRefused
from app_manager.permissions import PermissionRow, Permissions, choices, decided
from app_manager.space_icons import ICONS, shape
from app_manager.spec import AppSpec, permissions_asked
from halo_site.datadir.space_meta import LONGEST_NAME
from halo_site.datadir.spaces import Space, all_spaces, default_space
from halo_site.roles import Role, Standing


class InstallForm(forms.Form):
    """The space and the permissions of an app to be."""

    space = forms.ChoiceField(label=_("Space"), help_text=_("Its memory and its transcripts will lie there."))
    permissions = forms.MultipleChoiceField(required=False)

    def __init__(self, spec: AppSpec, standing: Standing, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.spec = spec
        self.seen_spaces = [space for space in all_spaces() if standing.may(Role.VIEWER, space.id)]
        self.spaces = {space.id: space for space in self.seen_spaces if standing.may(Role.MANAGER, space.id)}
        chosen = default_space()
        self.fields["space"].choices = [(space.id, space.name) for space in self.spaces.values()]  # type: ignore[attr-defined]
        self.fields["space"].initial = chosen and chosen.id
        rows = choices(spec)
        self.fields["permissions"].choices = [(row.name, row.label) for row in rows]  # type: ignore[attr-defined]
        self.fields["permissions"].initial = list(permissions_asked(spec))

    @property
    def permission_rows(self) -> list[tuple[PermissionRow, bool]]:
        """Every permission with whether its box is ticked."""
        ticked = self["permissions"].value() or []
        return [(row, row.name in ticked) for row in choices(self.spec)]

    @property
    def chosen_space(self) -> Space:
        """After a successful `is_valid`."""
        return self.spaces[self.cleaned_data["space"]]

    @property
    def decided_permissions(self) -> dict[str, list[str]]:
        """After a successful `is_valid`: what is ticked is granted, what was asked for and is not, denied."""
        return decided(permissions_asked(self.spec), self.cleaned_data["permissions"])


class AccessForm(forms.Form):
    """What an installed app may do: a tick grants."""

    permissions = forms.MultipleChoiceField(required=False)

    def __init__(self, access: Permissions, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"permissions": list(access.effective)})
        self.access = access
        self.fields["permissions"].choices = [(row.name, row.label) for row in access.choices]  # type: ignore[attr-defined]

    @property
    def permission_rows(self) -> list[tuple[PermissionRow, bool]]:
        """Every permission with whether its box is ticked."""
        ticked = self["permissions"].value() or []
        return [(row, row.name in ticked) for row in self.access.choices]

    @property
    def decided_permissions(self) -> dict[str, list[str]]:
        """After a successful `is_valid`: what is ticked is granted; of the others, what was asked or decided
        before is denied."""
        return decided(self.access.everything, self.cleaned_data["permissions"])


class SpaceForm(forms.Form):
    """What a person says of a space. The verbs judge it; ``refuse`` puts their words beside the fields."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    icon = forms.ChoiceField(label=_("Icon"))
    working_dir = forms.CharField(
        label=_("Working directory"),
        required=False,
        max_length=4096,
        help_text=_("A folder of yours on this server, where agents work. Records never go there."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        initial: dict[str, Any] | None = None,
        own_icon: str = "",
    ) -> None:
        super().__init__(data, initial=initial, use_required_attribute=False)
        icons = {own_icon: own_icon, **ICONS} if own_icon not in ("", *ICONS) else ICONS
        self.fields["icon"].choices = list(icons.items())  # type: ignore[attr-defined]

    @classmethod
    def of(cls, space: Space) -> "SpaceForm":
        """The form as the space is."""
        values = {"name": space.name, "icon": space.icon, "working_dir": str(space.working_dir or "")}
        return cls(initial=values, own_icon=space.icon)

    @property
    def icon_rows(self) -> list[tuple[str, str, str, bool]]:
        """Every icon: its name, its word, its drawing, and whether it is the one."""
        chosen, choices = self["icon"].value(), self.fields["icon"].choices  # type: ignore[attr-defined]
        return [(name, word, shape(name), name == chosen) for name, word in choices]

    def refuse(self, error: SpaceRefused) -> None:
        for field, sentence in error.problems.items():
            self.add_error(field, sentence)
