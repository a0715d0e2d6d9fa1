"""The product's settings with an engine that takes its time: for processes that tests end."""

from halo_site.settings import *  # noqa: F403

HALO_ENGINE = "tests.slow_engine.SlowEngine"
