"""That the benchmark of the clock measures what it says."""

import pytest

from tests.benchmarks import schedule

pytestmark = pytest.mark.sqlite_only


def test_every_job_of_a_burst_is_dispatched() -> None:
    figures = schedule.figures(schedule.OURS, "burst", 3)
    assert figures["dropped"] == 0
    assert figures["rate"] > 0
    assert 0 < figures["p50"] <= figures["p99"]


def test_what_is_missing_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "find_spec", lambda _name: None)
    sentence = schedule.missing()
    assert sentence.startswith("APScheduler and SQLAlchemy, beside which the clock is measured, cannot be")
    assert sentence.endswith("-m pip install -e '.[benchmarks]'")
