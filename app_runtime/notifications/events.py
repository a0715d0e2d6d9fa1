"""What a question tells those who send messages. Call each in the transaction of what it tells of."""

from datetime import datetime

from app_runtime.models import Entry


def question_asked(entry: Entry, now: datetime) -> None:
    """An app asks a person."""


def question_reminder(entry: Entry, percent: int, now: datetime) -> None:
    """So much of the time to the deadline of an open question is over."""


def question_closed(entry: Entry, now: datetime) -> None:
    """A question was answered, dismissed, or ended without either."""
