"""What `up` runs, when it starts something again, and how it stops."""

import signal

import pytest

from halo_site.programs import DELAYS, Restarts, end_in_words, programs, stop_signal

TERM, KILL = signal.SIGTERM, signal.SIGKILL


def test_it_runs_web_clock_and_workers() -> None:
    assert [program.name for program in programs("127.0.0.1", 8000, 2)] == [
        "web",
        "clock",
        "worker 1",
        "worker 2",
    ]


def test_the_web_server_has_one_process_that_listens_where_it_was_told() -> None:
    command = " ".join(programs("::1", 8123, 1)[0].command)
    assert "--host ::1 --port 8123 --workers 1" in command


def test_the_web_server_starts_first() -> None:
    web, *others = programs("127.0.0.1", 8000, 2)
    assert web.start_after == 0
    assert all(other.start_after > 0 for other in others)


def test_each_failure_waits_longer_up_to_half_a_minute() -> None:
    restarts = Restarts()
    assert [restarts.delay(lived=1) for _number in range(9)] == [*DELAYS, 30, 30]


def test_a_minute_of_life_forgives_earlier_failures() -> None:
    restarts = Restarts(failures=5)
    assert [restarts.delay(lived=60), restarts.delay(lived=59)] == [0, 1]


@pytest.mark.parametrize(
    ("is_worker", "elapsed", "others_gone", "expected"),
    [
        (False, 0.0, False, TERM),
        (True, 0.0, False, None),
        (True, 0.5, True, TERM),
        (True, 1.0, False, TERM),
        (True, 8.9, True, TERM),
        (True, 9.0, False, KILL),
        (False, 9.0, False, KILL),
    ],
)
def test_web_and_clock_end_first_and_nothing_outlives_nine_seconds(
    is_worker: bool, elapsed: float, others_gone: bool, expected: signal.Signals | None
) -> None:
    assert stop_signal(is_worker=is_worker, elapsed=elapsed, others_gone=others_gone) == expected


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-9, "was ended by SIGKILL"),
        (-250, "was ended by signal 250"),
    ],
)
def test_an_end_is_told_in_words(code: int, words: str) -> None:
    assert end_in_words(code) == words
