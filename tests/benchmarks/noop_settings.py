"""The product's settings with an engine that does nothing."""

from halo_site.settings import *  # noqa: F403

HALO_ENGINE = "tests.benchmarks.noop.NoOpEngine"
