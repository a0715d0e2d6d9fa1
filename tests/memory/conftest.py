from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from halo_site.datadir.spaces import Space, default_space
from memory.permissions import Caller
from memory.places import ClosedPlace, Place, place_of_app, register_places, space_place, user_place


@dataclass
class Apps:
    """Installed apps, as far as memory knows them: it stands in for whoever installs."""

    space: Space
    places: dict[str, Place] = field(default_factory=dict)
    callers: dict[str, Caller] = field(default_factory=dict)

    def install(self, app_id: str, label: str = "Kettle price watch", *, space_memory: bool = True) -> Place:
        folder = self.space.path / "apps" / app_id
        (folder / "runs").mkdir(parents=True, exist_ok=True)  # the folder of an app is never empty
        self.places[app_id] = place_of_app(app_id, label, self.space.id, folder, self.space.path)
        self.callers[app_id] = Caller("app", app_id, self.space.id, space_memory)
        return self.places[app_id]

    def find(self, app_id: str) -> Place | None:
        return self.places.get(app_id)

    def all(self, limit: int | None = None) -> Iterable[Place]:
        return list(self.places.values())[:limit]

    def ids(self) -> Iterable[str]:
        return list(self.places)

    def some(self, app_ids: Sequence[str]) -> Iterable[Place]:
        return [self.places[app_id] for app_id in app_ids if app_id in self.places]

    def closed(self, app_id: str | None = None) -> Iterable[ClosedPlace]:
        return ()

    def caller(self, app_id: str) -> Caller | None:
        return self.callers.get(app_id)


@pytest.fixture
def apps() -> Iterator[Apps]:
    space = default_space()
    assert space
    apps = Apps(space)
    before = register_places(apps)
    yield apps
    register_places(before)


@pytest.fixture
def place(apps: Apps) -> Place:
    """The memory of the app ``kettle``."""
    return apps.install("kettle")


@pytest.fixture
def app(apps: Apps, place: Place) -> Caller:
    """The app ``kettle``, with the grant for its space's memory."""
    return apps.callers["kettle"]


@pytest.fixture
def user(apps: Apps) -> Caller:
    """The user's own agent."""
    return Caller("user", space_id=apps.space.id)


@pytest.fixture
def shared_place(apps: Apps) -> Place:
    """The memory of the space Default."""
    found = space_place(apps.space.id)
    assert found
    return found


@pytest.fixture
def own_place() -> Place:
    """The user's memory."""
    return user_place()


def put(place: Place, text: str | bytes, name: str = "") -> Path:
    """Write a document past us, as an editor on the server would."""
    path = place.base / place.below(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
