"""What a person decides when installing, besides the configuration."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from app_manager.permissions import PermissionRow, choices, decided
from app_manager.spec import AppSpec, permissions_asked
from halo_site.datadir.spaces import Space, all_spaces, default_space


class InstallForm(forms.Form):
    """The space and the permissions of an app to be."""

    space = forms.ChoiceField(label=_("Space"), help_text=_("Its memory and its transcripts will lie there."))
    permissions = forms.MultipleChoiceField(required=False)

    def __init__(self, spec: AppSpec, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.spec = spec
        self.spaces = {space.id: space for space in all_spaces()}
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
