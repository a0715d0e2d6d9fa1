"""Notification targets, rules, quiet hours and the mail server as people set them: each change is audited."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from app_runtime.exceptions import TargetUnknown
from app_runtime.settings.changing import Section, change_settings
from halo_site import audit
from halo_site.audit import Actor
from halo_site.datadir.config import site_config
from halo_site.datadir.mail import MailServer
from halo_site.datadir.notification_rules import Rule
from halo_site.datadir.notification_targets import NotificationTarget
from halo_site.datadir.secrets import SecretMissing, resolve

SECTION, MAIL_SECTION = "notifications", "mail"
MAIL_SECRET = "mail-password"  # noqa: S105 - a name
NOT_PLAIN = re.compile(r"[^a-z0-9]+")
LONGEST_ID = 40


def get_target(target_id: str) -> NotificationTarget:
    """The target of that id. Raises `TargetUnknown`."""
    target = site_config().notifications.get(target_id)
    if target is None:
        raise TargetUnknown(_("There is no notification target with this id."))
    return target


def save_target(
    target: NotificationTarget | None, name: str, url: str, address: str, *, actor: Actor, now: datetime
) -> str:
    """Store a target, new or known; returns its id.

    ``address`` was typed in now: it goes to secrets.json and the target refers to it. ``url`` is a reference
    or an e-mail address; both empty: as it was. Raises `ConfigDamaged`.
    """
    target_id = target.id if target else _new_id(name)
    kept = _secret_name(target_id)
    if address:
        url = f"secret:{kept}"
    values = {"id": target_id, "name": name, "url": url or (target.url if target else "")}
    NotificationTarget.model_validate(values)

    def change(section: Section) -> Section:
        listed = _listed(section, "targets")
        if any(item.get("id") == target_id for item in listed):
            changed = [{**item, **values} if item.get("id") == target_id else item for item in listed]
        else:
            changed = [*listed, values]
        return {**section, "targets": changed}

    secrets = {kept: address} if address else _forgotten(target, values["url"])
    _change("target.save", target_id, change, actor, now, secrets, before=_told(target), after=values)
    return target_id


def delete_target(target: NotificationTarget, *, actor: Actor, now: datetime) -> None:
    """Forget a target, and its address where we kept that. Rules that name it name the others only."""

    def change(section: Section) -> Section:
        kept = [item for item in _listed(section, "targets") if item.get("id") != target.id]
        return {**section, "targets": kept, "rules": _without(target.id, _listed(section, "rules"))}

    _change("target.delete", target.id, change, actor, now, _forgotten(target), before=_told(target))


def add_rule(values: Section, *, actor: Actor, now: datetime) -> None:
    """One rule more; the first one takes the place of "everything to all targets"."""
    Rule.model_validate(values)
    given = {key: value for key, value in values.items() if value}

    def change(section: Section) -> Section:
        return {**section, "rules": [*_listed(section, "rules"), given]}

    _change("notification_rule.add", "", change, actor, now, after=given)


def delete_rule(number: int, digest: str, *, actor: Actor, now: datetime) -> bool:
    """Take away the rule at this place if it is still the one that the person saw."""
    listed = _listed(site_config().notifications.model_dump(mode="json"), "rules")
    if not 0 <= number < len(listed) or rule_digest(listed[number]) != digest:
        return False

    def change(section: Section) -> Section:
        rules = [Rule.model_validate(rule) for rule in _listed(section, "rules")]
        kept = [rule for rule in rules if rule_digest(rule.model_dump(mode="json")) != digest]
        return {**section, "rules": [rule.model_dump(mode="json", exclude_defaults=True) for rule in kept]}

    _change("notification_rule.delete", "", change, actor, now, before=listed[number])
    return True


def rule_digest(values: Section) -> str:
    """Equal for rules that say the same."""
    rule = Rule.model_validate(values)
    return "|".join(",".join(sorted(part)) for part in (rule.targets, rule.types, rule.apps, rule.spaces))


def save_quiet(values: Section, *, actor: Actor, now: datetime) -> None:
    """Quiet hours, digest and the window of equal failures; None takes one away.

    The zone that somebody wrote by hand into a digest stays, if it is one.
    """
    known = site_config().notifications.digest
    if values.get("digest") and known and known.zone:
        values = {**values, "digest": {**values["digest"], "zone": known.zone}}

    def change(section: Section) -> Section:
        rest = {key: value for key, value in section.items() if key not in values}
        return rest | {key: value for key, value in values.items() if value is not None}

    section = site_config().notifications.model_dump(mode="json", by_alias=True)
    before = {key: section.get(key) for key in values}
    _change("quiet_hours.save", "", change, actor, now, before=before, after=values)


def save_mail(values: Section, password: str, *, actor: Actor, now: datetime) -> None:
    """The mail server. A password that is typed in goes to secrets.json; empty: as it was."""
    secrets = {MAIL_SECRET: password} if password else None
    if password:
        values = {**values, "password": f"secret:{MAIL_SECRET}"}
    MailServer.model_validate(values)
    known = site_config().mail.model_dump(mode="json", by_alias=True)
    before = {key: known.get(key) for key in values}
    note = partial(
        audit.record, actor, "mail.save", object_type="settings", object_id=MAIL_SECTION, now=now,
        before=before, after=values,
    )  # fmt: skip
    change_settings(MAIL_SECTION, lambda section: {**section, **values}, note, secrets=secrets)


def address_state(target: NotificationTarget) -> str:
    """``mail``, ``set`` or ``missing``; never the address."""
    if target.mail_address:
        return "mail"
    try:
        return "set" if resolve(target.url).strip() else "missing"
    except SecretMissing:
        return "missing"


def _change(
    verb: str,
    target_id: str,
    change: Callable[[Section], Section],
    actor: Actor,
    now: datetime,
    secrets: Mapping[str, str | None] | None = None,
    **told: Section | None,
) -> None:
    object_id = target_id or SECTION
    kind = "target" if target_id else "settings"
    note = partial(
        audit.record, actor, verb, object_type=kind, object_id=object_id, now=now, summary=target_id,
        before=told.get("before"), after=told.get("after"),
    )  # fmt: skip
    change_settings(SECTION, change, note, secrets=secrets)


def _told(target: NotificationTarget | None) -> Section | None:
    """A target for the audit log: its address is a reference or an e-mail address, never a secret."""
    if target is None:
        return None
    is_open = target.url.startswith(("env:", "secret:", "mail:"))
    return {"id": target.id, "name": target.name, "url": target.url if is_open else "…"}


def _forgotten(target: NotificationTarget | None, url: str = "") -> dict[str, None]:
    """The address that we kept and nothing needs any more: its target goes to ``url`` now, or nowhere."""
    name = _secret_name(target.id) if target else ""
    is_ours = target is not None and target.url == f"secret:{name}" != url
    return {name: None} if is_ours else {}


def _without(target_id: str, rules: list[Section]) -> list[Section]:
    """A rule for this target alone goes with it: without a target it would mean all of them."""
    kept = []
    for rule in rules:
        named = rule.get("targets")
        if isinstance(named, list) and target_id in named:
            rest = [each for each in named if each != target_id]
            if not rest:
                continue
            rule = {**rule, "targets": rest}
        kept.append(rule)
    return kept


def _listed(section: Section, name: str) -> list[Section]:
    listed = section.get(name)
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _new_id(name: str) -> str:
    """A plain word out of the name that no other target has."""
    plain = NOT_PLAIN.sub("-", name.lower()).strip("-")[:LONGEST_ID] or "target"
    number, candidate = 2, plain
    while site_config().notifications.get(candidate) is not None:
        candidate, number = f"{plain}-{number}", number + 1
    return candidate


def _secret_name(target_id: str) -> str:
    return f"target-{target_id}"
