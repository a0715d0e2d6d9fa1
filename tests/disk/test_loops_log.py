"""What a loop logs while the disk is full: one line a try, and all of anything else."""

import errno
import logging

import pytest

from halo_site.disk_trouble import log_failure

LOGGER = logging.getLogger("tests.loops")


def raised(error: Exception) -> Exception:
    """The error as a loop catches it, with a traceback."""
    try:
        raise error
    except Exception as caught:
        return caught


def test_a_full_disk_is_one_line_that_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    log_failure(LOGGER, "The clock could not tick", raised(OSError(errno.ENOSPC, "no")), "tick_failed")
    (record,) = caplog.records
    assert record.exc_info is None
    assert record.getMessage().startswith("The clock could not tick: The disk is full. Make room")


def test_any_other_failure_keeps_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    log_failure(LOGGER, "The clock could not tick", raised(ValueError("odd")), "tick_failed")
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.getMessage() == "The clock could not tick"
