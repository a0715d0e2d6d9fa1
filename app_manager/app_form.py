"""An app's decisions as an administrator writes them: its space, and three JSON objects."""

import json
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from app_manager.configuration import checked
from app_manager.exceptions import AppError
from app_manager.models import App
from app_manager.spec.permission import unknown
from halo_site.audit import Actor
from halo_site.datadir.spaces import all_spaces

WIDE = {"rows": 8, "cols": 80, "class": "vLargeTextField"}


class ObjectField(forms.JSONField):
    """A JSON object; an empty one is a value."""

    empty_values = [None, ""]

    def prepare_value(self, value: Any) -> Any:
        """As people read it; what they sent and was refused, as they sent it."""
        return json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict) else value

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        if not isinstance(found, dict):
            raise ValidationError(_("Write a JSON object: { … }."))
        return found


class AppForm(forms.ModelForm):  # type: ignore[type-arg]
    """Changes nothing by itself: `decide` calls the app's verbs, which `clean` has tried out."""

    actor: Actor
    space_id = forms.ChoiceField(label=_("Space"), help_text=_("Its files stay where they are."))
    configuration = ObjectField(
        label=_("Configuration"),
        widget=forms.Textarea(WIDE),
        help_text=_("By key; what is left out is the spec's."),
    )
    granted_and_denied = ObjectField(
        label=_("Permissions"), widget=forms.Textarea(WIDE), help_text=_("Two lists: granted and denied.")
    )
    overrides = ObjectField(
        label=_("Overrides"),
        widget=forms.Textarea(WIDE),
        help_text=_("Schedules by subscription: {“subscriptions”: {id: {“kind”: “every”, “every”: “30m”}}}."),
    )

    class Meta:
        model = App
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        app = self.instance
        spaces = [(space.id, space.name) for space in all_spaces()]
        if app.space_id not in dict(spaces):
            spaces.append((app.space_id or "", _("not in the index: %(id)s") % {"id": app.space_id}))
        self.fields["space_id"].choices = spaces  # type: ignore[attr-defined]
        self.fields["space_id"].required = False
        self.initial = {
            "space_id": app.space_id or "",
            "configuration": app.user_config,
            "granted_and_denied": app.permissions,
            "overrides": app.user_overrides,
        }

    def clean(self) -> dict[str, Any]:
        """Try the verbs and take them back: what one of them refuses is said beside its field."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        with transaction.atomic():
            for field in self.changed_data:
                try:
                    with transaction.atomic():
                        self._apply(field, timezone.now())
                except (AppError, ValueError) as error:
                    self.add_error(field, str(error))
            transaction.set_rollback(True)
        return cleaned

    def decide(self) -> None:
        """Call the verb of each field that was changed."""
        for field in self.changed_data:
            self._apply(field, timezone.now())

    def _apply(self, field: str, now: datetime) -> None:
        app, value = App.objects.get(pk=self.instance.pk), self.cleaned_data[field]
        if field == "space_id":
            space = next((space for space in all_spaces() if space.id == value), None)
            if space is not None:
                app.move_to_space(space, actor=self.actor, now=now)
        elif field == "configuration":
            app.configure(checked(app.parsed_spec, value), actor=self.actor, now=now)
        elif field == "granted_and_denied":
            granted, denied = _names(value, "granted"), _names(value, "denied")
            strange = unknown([*granted, *denied], app.access.everything)
            if strange:
                words = _("There is no permission of this name: %(names)s.")
                raise ValueError(words % {"names": ", ".join(strange)})
            app.decide_permissions(granted, denied, actor=self.actor, now=now)
        else:
            self._override(app, value, now)

    def _override(self, app: App, value: dict[str, Any], now: datetime) -> None:
        wanted, before = value.get("subscriptions", {}), app.user_overrides.get("subscriptions")
        if set(value) - set(app.user_overrides) - {"subscriptions"} or not isinstance(wanted, dict):
            raise ValueError(_("Only “subscriptions” can be written here: an object by subscription."))
        for key in {**(before if isinstance(before, dict) else {}), **wanted}:
            app.override_schedule(key, wanted.get(key), actor=self.actor, now=now)


def _names(value: dict[str, Any], key: str) -> list[str]:
    """A list of names out of what was written. Raises ValueError."""
    names = value.get(key, [])
    if set(value) - {"granted", "denied"} or not isinstance(names, list):
        raise ValueError(_("Write two lists: granted and denied."))
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError(_("A permission is a text, such as “web”."))
    return names
