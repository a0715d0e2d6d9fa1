"""The days' sums of a made up history are those of its runs."""

from collections import Counter

import pytest
from django.db.models import Sum
from django.utils import timezone

from app_runtime.history.making import make_history
from app_runtime.history.outline import Wanted
from app_runtime.history.transcripts import turns_of
from app_runtime.models import Run, UsageDay
from tests.factories import NINE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def history() -> None:
    make_history(Wanted(24, 400, 400, 30, 1), NINE)


def metered() -> list[Run]:
    """The runs that asked a model which has a name."""
    return list(Run.objects.exclude(tokens_used=None).exclude(model=""))


def summed(field: str) -> int:
    return int(UsageDay.objects.aggregate(sum=Sum(field))["sum"])


@pytest.mark.parametrize("field", ["tokens_in", "tokens_out", "tokens_cached"])
def test_tokens_are_those_of_the_runs(field):
    assert summed(field) == sum(getattr(run, field) for run in metered()) > 0


def test_a_runs_tokens_are_its_parts():
    assert all(run.tokens_in + run.tokens_out == run.tokens_used for run in metered())


def test_money_is_that_of_the_runs_to_the_last_digit():
    assert summed("cost_picousd") == 10**6 * sum(run.cost_microusd or 0 for run in metered()) > 0


def test_runs_and_turns_are_those_of_each_app_and_model_on_each_day():
    runs, turns, unpriced = Counter[object](), Counter[object](), Counter[object]()
    for run in metered():
        key = (timezone.localdate(run.started_at), run.app_id, run.model)
        runs[key] += 1
        turns[key] += turns_of(run.run_id)
        unpriced[key] += turns_of(run.run_id) if run.cost_microusd is None else 0
    rows = {(row.day, row.app_id, row.model): row for row in UsageDay.objects.all()}
    assert {key: (row.runs, row.turns, row.turns_unpriced) for key, row in rows.items()} == {
        key: (runs[key], turns[key], unpriced[key]) for key in runs
    }


def test_the_turns_are_those_of_the_transcripts():
    with_transcripts = [run for run in Run.objects.all() if run.step_count]
    assert with_transcripts
    assert all(run.step_count == 2 * turns_of(run.run_id) for run in with_transcripts)


def test_rehearsals_used_nothing():
    assert Run.objects.filter(engine="rehearsal").exists()
    assert not UsageDay.objects.filter(model="").exists()


def test_its_apps_are_called_as_they_are():
    assert all(name.startswith("Synthetic 0") for name in UsageDay.objects.values_list("app_name", flat=True))
