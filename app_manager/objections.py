"""What speaks against giving an app a spec, legal as it is. Other packages add what they know."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from app_manager.exceptions import NameTaken, SpecRefused
from app_manager.models import App
from app_manager.spec import AppSpec
from app_manager.states import Status

# (app, spec to be): one sentence that says why not and what to do, or "" where nothing speaks against it
Objection = Callable[[App, AppSpec], str]
_objections: dict[str, Objection] = {}


def register_objection(name: str, objection: Objection) -> None:
    """Have a package asked before a spec changes; the last registration of a name counts."""
    _objections[name] = objection


def refuse(app: App, spec: AppSpec) -> None:
    """Raise `SpecRefused` or `NameTaken` where the app cannot have this spec now.

    Call it in the transaction that changes the app, with its row locked.
    """
    if app.status == Status.UNINSTALLED:
        sentence = _(
            "%(name)s is uninstalled. Installing the new spec in its space restores it with its history."
        )
        raise SpecRefused(sentence % {"name": app.name})
    if spec.spec_id != app.spec_id:
        namesake = App.objects.in_space(app.space_id).filter(spec_id=spec.spec_id).exclude(pk=app.pk).first()
        if namesake is not None:
            raise NameTaken(spec.spec_id, is_uninstalled=namesake.status == Status.UNINSTALLED)
    for objection in _objections.values():
        if sentence := objection(app, spec):
            raise SpecRefused(sentence)
