"""A day as lanes and density: due minutes, bands, and where more are due than there are workers."""

import json
from typing import Any

import pytest

from halo_site.store.fields import to_ms
from scheduler.day import MINUTES, Clash, Planned, Window, clashes, density, planned
from tests.scheduler.factories import MINUTE, NINE

WINDOW = Window(NINE, NINE + 6 * 60 * MINUTE)


def due(schedule: Any, window: Window = WINDOW) -> Planned:
    return planned(json.dumps(schedule), to_ms(NINE), window)


def every(duration: str) -> dict[str, str]:
    return {"kind": "every", "every": duration}


def test_a_window_knows_where_now_lies() -> None:
    assert (WINDOW.now_minute, WINDOW.has_now) == (360, True)
    assert (Window(NINE, NINE - MINUTE).now_minute, Window(NINE, NINE - MINUTE).has_now) == (0, False)
    late = Window(NINE, NINE + 25 * 60 * MINUTE)
    assert (late.now_minute, late.has_now) == (MINUTES, False)


def test_each_due_time_is_a_minute_of_the_window() -> None:
    assert due(every("6h")).minutes == [0, 360, 720, 1080]
    cron = {"kind": "cron", "cron": "30 9 * * *", "timezone": "UTC"}
    assert list(due(cron).seconds) == [1800]


def test_the_end_of_the_window_is_the_next_ones() -> None:
    assert due(every("1d")).minutes == [0]


def test_many_due_times_are_a_band() -> None:
    minute = due(every("1m"))
    assert (minute.is_band, minute.count, minute.bands) == (True, 1440, [(0, 1439, 1440)])
    ten_seconds = due(every("10s"))
    assert (ten_seconds.is_band, ten_seconds.count, len(ten_seconds.minutes)) == (True, 8640, 1440)


def test_a_dense_rule_is_drawn_in_the_hours_in_which_it_is_due_and_nowhere_else() -> None:
    dense = due({"kind": "cron", "cron": "* 10-11,20 * * *", "timezone": "UTC"})  # the window begins at nine
    assert (dense.count, dense.is_band) == (180, True)
    assert dense.bands == [(60, 179, 120), (660, 719, 60)]
    assert density([dense, dense], 0) == [0] * 4 + [30] * 8 + [0] * 32 + [30] * 4 + [0] * 48
    assert [clash.minute for clash in clashes([("a", dense), ("b", dense)], 0, 1)] == dense.minutes


def test_a_quarter_of_an_hour_is_not_a_band_yet() -> None:
    assert not due(every("15m")).is_band
    assert due(every("14m")).is_band


@pytest.mark.parametrize(
    "odd", [None, [], {"kind": "x"}, {"kind": "cron", "cron": "nonsense"}, {"kind": "cron"}]
)
def test_a_schedule_that_cannot_be_read_has_no_due_time(odd: Any) -> None:
    assert due(odd) == Planned()


def test_the_density_counts_what_is_to_come() -> None:
    found = density([due(every("1h")), due(every("10s"))], 0)
    assert found[0] == 91  # six a minute, and one at the full hour
    assert found[1] == 90
    assert sum(density([due(every("1h"))], 360)) == 18


def test_a_second_with_more_jobs_than_workers_is_a_clash() -> None:
    lanes = [(name, Planned((3600, 7200))) for name in ("a", "b")] + [("c", Planned((7200,)))]
    assert clashes(lanes, 0, 2) == [Clash(7200, 3, ("a", "b", "c"))]
    assert clashes(lanes, 0, 3) == []
    assert clashes(lanes, 121, 1) == []


def test_jobs_that_are_due_in_one_minute_at_other_seconds_are_no_clash() -> None:
    lanes = [(str(second), Planned((3600 + second,))) for second in (0, 10, 20)]
    assert clashes(lanes, 0, 1) == []


def test_a_minute_is_one_clash_at_its_fullest_second() -> None:
    lanes = [("a", Planned((60, 90))), ("b", Planned((60, 90))), ("c", Planned((90,)))]
    assert clashes(lanes, 0, 1) == [Clash(90, 3, ("a", "b", "c"))]


def test_only_the_first_clashes_name_their_jobs() -> None:
    lanes = [(name, Planned((3600, 7200))) for name in ("a", "b")]
    assert clashes(lanes, 0, 1, named=1) == [Clash(3600, 2, ("a", "b")), Clash(7200, 2, ())]


def test_without_a_worker_two_at_once_are_a_clash() -> None:
    lanes = [("a", Planned((3600,))), ("b", Planned((3600,)))]
    assert [clash.count for clash in clashes(lanes, 0, 0)] == [2]


def test_one_job_that_is_due_often_in_a_minute_is_no_clash() -> None:
    assert clashes([("dense", due(every("10s")))], 0, 1) == []


def test_a_rule_is_listed_once_for_all_jobs_of_a_window() -> None:
    rule = json.dumps({"kind": "cron", "cron": "5 * * * *", "timezone": "UTC"})
    assert planned(rule, to_ms(NINE), WINDOW) is planned(rule, to_ms(NINE) + 5, WINDOW)


def test_intervals_of_other_anchors_are_other_times() -> None:
    rule = json.dumps(every("6h"))
    later = planned(rule, to_ms(NINE + MINUTE), WINDOW)
    assert later.minutes == [1, 361, 721, 1081]
