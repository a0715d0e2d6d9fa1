"""The task library as Django sets it up by itself: a connection for each task. For the peer's worker only."""

from tests.benchmarks.noop_settings import *  # noqa: F403
from tests.benchmarks.noop_settings import DATABASES

DATABASES["default"].pop("CONN_MAX_AGE")
