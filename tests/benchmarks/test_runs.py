"""That the benchmark of runs measures what it says: real processes on a real database."""

from pathlib import Path

import pytest

from tests.benchmarks import web
from tests.benchmarks.runs import PLAIN, rate_of
from tests.benchmarks.sites import Site
from tests.processes import manage

pytestmark = pytest.mark.sqlite_only


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    with Site(tmp_path_factory.mktemp("site") / "data") as site:
        site.ask("apps", number=2)
        yield site


@pytest.mark.parametrize("subject", ["queue", "whole", "plain", "kept"])
def test_each_subject_works_off_all_that_was_queued(site: Site, subject: str) -> None:
    assert rate_of(site, 2, 2, subject, ready_seconds=0) > 0


def test_the_plain_worker_keeps_no_connection(tmp_path: Path) -> None:
    code = "from django.conf import settings; print(settings.DATABASES['default'].get('CONN_MAX_AGE'))"
    done = manage(tmp_path, "shell", "--no-imports", "-c", code, **PLAIN)
    assert done.stdout.strip() == "0"


def test_the_web_process_loads_no_model_library(tmp_path: Path) -> None:
    assert web.loaded(tmp_path) == []
