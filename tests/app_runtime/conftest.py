from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest
from pytest_django import Settings

from app_manager.models import App
from app_runtime import worker
from app_runtime.dispatch import trigger
from app_runtime.models import Run
from tests.app_runtime.engines import Script, ScriptedEngine
from tests.factories import NINE, SECOND, TESTER, make_app
from tests.wire.pages import Shop

CHOSEN = "tests.app_runtime.conftest.chosen_engine"
_chosen: list[ScriptedEngine] = []


def chosen_engine(run: Run) -> ScriptedEngine:
    """What the setting HALO_ENGINE names in tests that script an engine."""
    return _chosen[-1]


def ticking(start: datetime = NINE + SECOND) -> Callable[[], datetime]:
    """A clock that goes on by a millisecond each time somebody looks."""
    ticks = count()
    return lambda: start + next(ticks) * timedelta(milliseconds=1)


@pytest.fixture
def app(db: None) -> App:
    return make_app()


@pytest.fixture
def scripted(settings: Settings) -> Callable[..., ScriptedEngine]:
    """Makes every run of this test use an engine of these turns."""

    def make(*script: Script) -> ScriptedEngine:
        settings.HALO_ENGINE = CHOSEN
        _chosen.append(ScriptedEngine(script))
        return _chosen[-1]

    return make


@pytest.fixture
def run_once(app: App, scripted: Callable[..., ScriptedEngine]) -> Callable[..., Run]:
    """Queues a run of the app by hand and works it off with these turns."""

    def work(*script: Script) -> Run:
        scripted(*script)
        run = worker.execute(trigger(app, TESTER, NINE).run_id, clock=ticking())
        assert run
        return run

    return work


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A web server with pages that the test puts there."""
    with Shop() as shop:
        yield shop
