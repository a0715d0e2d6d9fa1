"""What is worth telling the author of a legal spec."""

import re
import warnings
from collections.abc import Iterator

from app_manager.spec.appspec import AppSpec
from app_manager.spec.durations import parse_duration
from app_manager.spec.fields import Part
from app_manager.spec.parts import SOURCE_CONFIGS, FilterRule, Frequency, Subscription
from app_manager.spec.problem import Finding, Path, clipped
from app_manager.spec.sentences import nearest

MAX_COMPARED = 200  # unknown keys of one spec that a nearest name is sought for; comparing words is slow
MAX_RULES = 100  # filter rules whose regular expression is tried
MAX_PATTERN = 1_000  # characters; compiling longer ones takes too long to do it for a note
_CHANNELS = ("email", "wecom", "dingtalk", "feishu", "webhook")
_ZONES = {"timezone", "tz", "zone"}
_ALIASES = ("inputs", "required_mcps", "required_skills")


def notes(spec: AppSpec) -> Iterator[Finding]:
    """Unknown keys, and rules that are legal and do not do what their author expects."""
    yield from _unknown_keys(spec)
    if spec.spec_version != "1":
        sentence = f"this is spec version {clipped(spec.spec_version)}; it is read as version 1"
        yield Finding(("spec_version",), sentence)
    for index, subscription in enumerate(spec.subscriptions):
        yield from _subscription_notes(("subscriptions", index), subscription)
    for index, rule in enumerate(spec.filters[:MAX_RULES]):
        yield from _rule_notes(("filters", index), rule)
    channels = spec.output.notify.channels if spec.output and spec.output.notify else []
    for index, channel in enumerate(channels):
        if channel not in _CHANNELS:
            path = ("output", "notify", "channels", index)
            yield Finding(path, f"unknown channel `{clipped(channel)}`; known are {', '.join(_CHANNELS)}")


def _unknown_keys(spec: AppSpec) -> Iterator[Finding]:
    for count, (path, part, key) in enumerate(_extras((), spec)):
        known = [*type(part).model_fields, *(_ALIASES if not path else ())]
        meant = nearest(key, known) if count < MAX_COMPARED else None
        if meant:
            sentence = f"unknown key `{clipped(key)}`; did you mean `{meant}`?"
            yield Finding((*path, key), sentence, on_key=True)
        elif not path:
            yield Finding((key,), f"unknown key `{clipped(key)}`; it is kept and not used", on_key=True)


def _extras(path: Path, part: Part) -> Iterator[tuple[Path, Part, str]]:
    for key in part.model_extra or {}:
        yield path, part, key
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Part):
            yield from _extras((*path, name), value)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, Part):
                    yield from _extras((*path, name, index), item)
    if isinstance(part, Subscription) and part.source.type in SOURCE_CONFIGS:
        config = SOURCE_CONFIGS[part.source.type].model_validate(part.source.config)
        yield from _extras((*path, "source", "config"), config)


def _subscription_notes(path: Path, subscription: Subscription) -> Iterator[Finding]:
    config = subscription.source.config
    scheduled = subscription.source.type == "schedule"
    if scheduled and config.get("every") is not None and config.get("cron") is not None:
        sentence = "both `every` and `cron` are given; `every` is used"
        yield Finding((*path, "source", "config", "cron"), sentence, on_key=True)
    for key in sorted(_ZONES & config.keys()) if scheduled else ():
        sentence = (
            f"`{key}` is not used here; the zone is the `timezone` of the subscription, beside `source`"
        )
        yield Finding((*path, "source", "config", key), sentence, on_key=True)
    if subscription.frequency and _out_of_order(subscription.frequency):
        sentence = "the intervals should be in the order min, default, max"
        yield Finding((*path, "frequency"), sentence, on_key=True)


def _out_of_order(frequency: Frequency) -> bool:
    written = [frequency.min, frequency.default, frequency.max]
    lengths = [parse_duration(text) for text in written if text is not None]
    return lengths != sorted(lengths)


def _rule_notes(path: Path, rule: FilterRule) -> Iterator[Finding]:
    if rule.op != "matches" or not isinstance(rule.value, str) or len(rule.value) > MAX_PATTERN:
        return
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(rule.value)
    except (re.error, RecursionError, OverflowError):
        sentence = "this is not a regular expression that can be used here, so the rule never matches"
        yield Finding((*path, "value"), sentence)
