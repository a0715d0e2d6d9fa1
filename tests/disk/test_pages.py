"""Every form of the site on a disk in trouble: one page that says so, and nothing changed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from app_manager import spaces
from app_manager.models import App
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import all_spaces
from tests.app_manager.factories import spec_text
from tests.disk.conftest import full_database, read_only_database
from tests.disk.simulation import FULL_FOLDER, FULL_WRITE, READ_ONLY, Disk, trouble
from tests.disk.states import is_intact, state
from tests.factories import TESTER, make_app, set_status

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = {"key": "page", "label": "Page", "type": "text"}
LONG = "kettle " * 60_000  # 420 KB: no free page of a small database has room for it
READ = "The disk of the data directory can only be read"
FULL = "The disk is full"


def app() -> App:
    return App.objects.get()


def second() -> str:
    return next(space.id for space in all_spaces() if space.name == "Second")


def at(verb: str, **data: Any) -> tuple[str, dict[str, Any]]:
    return f"/apps/{app().pk}/{verb}/", data


def uninstalled(verb: str) -> tuple[str, dict[str, Any]]:
    set_status(app(), "uninstalled")
    return at(verb)


def paused() -> tuple[str, dict[str, Any]]:
    set_status(app(), "paused")
    return at("resume")


def update() -> tuple[str, dict[str, Any]]:
    text = spec_text(name=app().spec_id, version="2.0", description=LONG)
    return at("spec/update/confirm", spec_text=text, base=app().spec_digest)


def access() -> tuple[str, dict[str, Any]]:
    from app_manager.permissions import digest_of

    return at("access/save", permissions=["web"], base=digest_of(app().permissions))


def new_app() -> tuple[str, dict[str, Any]]:
    text = spec_text(name="Teapot Watch", description=LONG)
    return "/apps/new/install/", {"spec_text": text, "space": all_spaces()[0].id}


def new_space() -> tuple[str, dict[str, Any]]:
    return "/spaces/create/", {"name": "Third", "icon": "star"}


def renamed_space() -> tuple[str, dict[str, Any]]:
    return f"/spaces/{second()}/save/", {"name": "Renamed", "icon": "star"}


def reordered() -> tuple[str, dict[str, Any]]:
    return "/spaces/reorder/", {"order": ",".join(space.id for space in reversed(all_spaces()))}


def no_space() -> tuple[str, dict[str, Any]]:
    return f"/spaces/{second()}/delete/", {}


@dataclass(frozen=True)
class Form:
    """What a person sends; ``writes_files`` and ``is_long`` say which disks it needs."""

    name: str
    sent: Callable[[], tuple[str, dict[str, Any]]]
    writes_files: bool = False
    is_long: bool = False

    def __str__(self) -> str:
        return self.name


FORMS = (
    Form("run", lambda: at("run")),
    Form("pause", lambda: at("pause")),
    Form("resume", paused),
    Form("uninstall", lambda: at("uninstall")),
    Form("reinstall", lambda: uninstalled("reinstall")),
    Form("delete", lambda: uninstalled("delete")),
    Form("move", lambda: at("move", space=second())),
    Form("configuration", lambda: at("config/save", **{"config-page": LONG}), is_long=True),
    Form("access", access),
    Form("spec", update, is_long=True),
    Form("install", new_app, writes_files=True, is_long=True),
    Form("new space", new_space, writes_files=True),
    Form("space", renamed_space, writes_files=True),
    Form("order of spaces", reordered, writes_files=True),
    Form("no space", no_space, writes_files=True),
)


@pytest.fixture(autouse=True)
def site(transactional_db: None) -> None:
    make_app(config_schema=[PAGE])
    spaces.create_space("Second", actor=TESTER, now=timezone.now())


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_database_that_can_only_be_read_is_said_and_nothing_changes(
    no_error_escapes: Client, form: Form
) -> None:
    path, data = form.sent()
    before = state()
    with read_only_database():
        answer = no_error_escapes.post(path, data)
    assert (answer.status_code, state()) == (507, before)
    assert READ in answer.content.decode()
    assert "Nothing was changed." in answer.content.decode()
    assert no_error_escapes.post(path, data).status_code == 302  # as soon as the disk is well


@pytest.mark.sqlite_only
@pytest.mark.parametrize("form", [form for form in FORMS if form.is_long], ids=str)
def test_a_full_database_is_said_and_nothing_changes(no_error_escapes: Client, form: Form) -> None:
    path, data = form.sent()
    before = state()
    with full_database():
        answer = no_error_escapes.post(path, data)
    assert (answer.status_code, state()) == (507, before)
    assert FULL in answer.content.decode()


@pytest.mark.parametrize("disk", [FULL_WRITE, FULL_FOLDER, READ_ONLY], ids=str)
@pytest.mark.parametrize("form", [form for form in FORMS if form.writes_files], ids=str)
def test_a_disk_that_refuses_files_is_said_and_no_row_changes(
    no_error_escapes: Client, form: Form, disk: Disk
) -> None:
    path, data = form.sent()
    before = state()
    with trouble(data_dir().root, disk):
        answer = no_error_escapes.post(path, data)
    text = answer.content.decode()
    assert answer.status_code in (302, 422, 507)
    if answer.status_code == 302:  # it needs no such call
        assert disk in (FULL_FOLDER, FULL_WRITE)
    else:
        assert "No space left on device" in text or "Read-only file system" in text or "disk" in text
        assert is_intact(before, state())
