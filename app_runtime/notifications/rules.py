"""Who is told what: pure functions of the rules in config.json and of an app's level."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from app_manager.notification_level import Level
from app_runtime.statuses import EntryType
from halo_site.datadir.notification_rules import Rule
from halo_site.datadir.notification_targets import Notifications, NotificationTarget

# halo-facts §8, and that an app fails or works again
IMPORTANT = frozenset((EntryType.ESCALATION, EntryType.MILESTONE, EntryType.OUTPUT, EntryType.RUN_ERROR))
# Two failures are the same although times, ids and counts in their words differ
CHANGING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{12,}\b|\d+(?:[.,:]\d+)*")


@dataclass(frozen=True)
class Subject:
    """What a message is about, as rules ask for it; ``type`` is a type of entry."""

    type: str
    app_id: str
    space_id: str | None


def lets_through(level: Level, type: str) -> bool:
    """Whether an app with this level tells people of entries of this type."""
    return level == Level.ALL or (level == Level.IMPORTANT and type in IMPORTANT)


def receivers(known: Notifications, subject: Subject, level: Level) -> tuple[NotificationTarget, ...]:
    """The targets that are told, each once, in the order of config.json.

    Without any rule that is every target; else those of every rule that speaks of the subject.
    """
    if not lets_through(level, subject.type):
        return ()
    if known.rules is None:
        return known.targets
    speaking = [rule for rule in known.rules if _speaks_of(rule, subject)]
    return tuple(
        target
        for target in known.targets
        if any(not rule.targets or target.id in rule.targets for rule in speaking)
    )


def _speaks_of(rule: Rule, subject: Subject) -> bool:
    asked = ((rule.types, subject.type), (rule.apps, subject.app_id), (rule.spaces, subject.space_id))
    return all(not wanted or value in wanted for wanted, value in asked)


def topic_of(error: str) -> str:
    """Equal for errors whose words are, whatever numbers and ids stand between them."""
    words = " ".join(CHANGING.sub("#", error.lower()).split())
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def repeats_until(told_at: datetime | None, minutes: int, now: datetime) -> datetime | None:
    """Until when a failure that was told at ``told_at`` is not told again; None: this one is told at once."""
    if told_at is None or not minutes:
        return None
    until = told_at + timedelta(minutes=minutes)
    return until if now < until else None
