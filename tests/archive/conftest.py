"""Sites for the tests of backup and restore."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.archive.sites import SQLITE, Site, new_database, note, state

Maker = Callable[[], Site]
# A site, a backup of it, the state in that, and the other one that the site is in now
States = tuple[Site, Path, dict[str, object], dict[str, object]]


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[Maker]:
    """Makes sites of which nothing is there yet."""
    with ExitStack() as stack:
        numbers = iter(range(100))
        yield lambda: Site(tmp_path / f"site-{next(numbers)}", stack.enter_context(new_database()))


@pytest.fixture(scope="session")
def started(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that was started once; not to be changed."""
    with new_database() as url:
        made = Site(migrated if SQLITE else tmp_path_factory.mktemp("started") / "data", url)
        if not SQLITE:
            made.run("migrate")
        yield made


@pytest.fixture
def site(started: Site, tmp_path: Path) -> Iterator[Site]:
    """A site that was started once."""
    with new_database(started.url) as url:
        yield Site(Path(shutil.copytree(started.folder, tmp_path / "site")), url)


@pytest.fixture
def own_site(site: Site, settings: Settings) -> Site:
    """The same, for tests that call the functions themselves (SQLite)."""
    settings.HALO_DATA_DIR = site.folder
    return site


@pytest.fixture(scope="session")
def prepared_states(started: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[States]:
    """Two states of one site; not to be changed."""
    folder = tmp_path_factory.mktemp("states") / "site"
    with new_database(started.url) as url:
        made = Site(Path(shutil.copytree(started.folder, folder)), url)
        note(made, "first")
        archive = made.backup()
        first = state(made)
        note(made, "second")
        (made.folder / "spaces" / "extra.txt").write_text("extra")
        yield made, archive, first, state(made)


@pytest.fixture
def two_states(prepared_states: States, tmp_path: Path) -> Iterator[States]:
    """A site in its second state, with a backup of the first."""
    made, archive, first, second = prepared_states
    with new_database(made.url) as url:
        own = Site(Path(shutil.copytree(made.folder, tmp_path / "site")), url)
        yield own, own.folder / archive.relative_to(made.folder), first, second
