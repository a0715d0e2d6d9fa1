"""The verbs of spaces."""

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection

from app_manager import spaces
from app_manager.exceptions import OrderStale, SpaceInUse, SpaceNotFound, SpaceRefused
from halo_site.datadir import space_index
from halo_site.datadir.paths import data_dir
from halo_site.datadir.space_meta import read_meta
from halo_site.datadir.spaces import TEMPORARY, all_spaces, ensure_default_space, get_space
from halo_site.datadir.trash import move_to_trash
from halo_site.models import AuditEntry, SpaceMember
from halo_site.roles import Role
from tests.app_manager.factories import NINE, TESTER, install_app
from tests.factories import tree

pytestmark = pytest.mark.django_db
LATER = NINE + timedelta(hours=1)
DOER = {"actor": TESTER, "now": LATER}


def create(name="Work", **more):
    return spaces.create_space(name, **more, **DOER)


def change(space, **more):
    now = {"name": space.name, "icon": space.icon, "working_dir": str(space.working_dir or "")}
    return spaces.change_space(space.id, **{**now, **more}, **DOER)


def outside(tmp_path: Path, name="Far") -> str:
    """A space whose records lie outside of the data directory."""
    folder = tmp_path / "far"
    (folder / ".halo").mkdir(parents=True)
    space = create(name)
    content = json.loads(data_dir().spaces_index.read_text())
    content["spaces"][space.id]["path"] = str(folder)
    data_dir().spaces_index.write_text(json.dumps(content))
    shutil.move(space.path / ".halo" / "meta.json", folder / ".halo" / "meta.json")
    return space.id


def test_a_new_space_comes_first_and_has_its_folders():
    space = create()
    assert [each.name for each in all_spaces()] == ["Work", "Default"]
    assert (space.path / ".halo").is_dir()
    assert (space.path / "apps").is_dir()
    assert (space.path.stat().st_mode & 0o777) == 0o700


def test_a_new_space_is_in_the_audit_log():
    space = create()
    line = AuditEntry.objects.latest("id")
    assert (line.verb, line.object_type, line.object_id, line.summary) == (
        "create",
        "space",
        space.id,
        "Work",
    )


@pytest.fixture
def project(tmp_path):
    """A folder of the user's own."""
    (tmp_path / "project").mkdir()
    return str(tmp_path / "project")


def test_its_folder_bears_its_name(project):
    space = create(working_dir=project)
    meta = read_meta(space.path)
    assert (meta["id"], meta["name"], meta["workingDir"]) == (space.id, "Work", project)


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x07b", "a\u202eb", "default", " DEFAULT "])
def test_a_name_that_cannot_be_is_refused_and_leaves_nothing(name):
    before = tree(data_dir().root)
    with pytest.raises(SpaceRefused) as caught:
        create(name)
    assert list(caught.value.problems) == ["name"]
    assert tree(data_dir().root) == before


def test_a_name_may_hold_joined_characters():
    assert create("\U0001f469\u200d\U0001f4bb").name == "\U0001f469\u200d\U0001f4bb"


def test_a_slash_at_the_end_of_a_path_is_nothing(project):
    assert str(create(working_dir=f"{project}/").working_dir) == project


@pytest.mark.parametrize("place", ["relative", "/", "/srv/../etc", "/nowhere/at/all", "/etc/passwd", "/a\0b"])
def test_a_working_directory_that_cannot_be_is_refused(place):
    with pytest.raises(SpaceRefused) as caught:
        create(working_dir=place)
    assert list(caught.value.problems) == ["working_dir"]


def test_a_working_directory_over_our_own_files_is_refused(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(data_dir().spaces)
    for place in (data_dir().root, data_dir().spaces, data_dir().root.parent, link):
        with pytest.raises(SpaceRefused, match="lies over the data directory"):
            create(working_dir=str(place))


def test_a_space_gets_another_name_and_icon():
    [space] = all_spaces()
    assert change(space, name="  Home   base ", icon="home")
    stored = get_space(space.id)
    assert (stored.name, stored.icon, stored.updated_at) == ("Home base", "home", LATER)
    assert read_meta(space.path)["name"] == "Home base"


def test_the_same_again_changes_nothing():
    [space] = all_spaces()
    before = AuditEntry.objects.count()
    assert not change(space)
    assert AuditEntry.objects.count() == before


def test_an_empty_working_directory_is_none(project):
    space = create(working_dir=project)
    change(space, working_dir="")
    assert get_space(space.id).working_dir is None


def test_the_reserved_space_can_be_neither_changed_nor_deleted():
    with pytest.raises(SpaceNotFound):
        spaces.change_space(TEMPORARY, name="x", icon="home", working_dir="", **DOER)
    with pytest.raises(SpaceNotFound):
        spaces.delete_space(TEMPORARY, **DOER)


def test_spaces_are_put_in_another_order():
    work, [default] = create(), [space for space in all_spaces() if space.name == "Default"]
    assert spaces.reorder_spaces([default.id, work.id], **DOER)
    assert [space.name for space in all_spaces()] == ["Default", "Work"]
    assert not spaces.reorder_spaces([default.id, work.id], **DOER)


@pytest.mark.parametrize("ids", [[], ["nowhere"], ["", ""]])
def test_an_order_that_does_not_name_each_once_is_refused(ids):
    create()
    with pytest.raises(OrderStale):
        spaces.reorder_spaces(ids, **DOER)


def test_entries_that_cannot_be_used_stay_in_the_file():
    content = json.loads(data_dir().spaces_index.read_text())
    content["spaces"]["odd"] = {"path": 5}
    data_dir().spaces_index.write_text(json.dumps({**content, "extra": 1}))
    create()
    stored = json.loads(data_dir().spaces_index.read_text())
    assert (stored["spaces"]["odd"], stored["extra"]) == ({"path": 5}, 1)
    assert space_index.ignored() == ["odd"]


def test_a_missing_folder_of_our_own_is_made_again():
    [space] = all_spaces()
    shutil.rmtree(space.path)
    assert spaces.repair_space(space.id, **DOER)
    assert (space.path / "apps").is_dir()
    assert not spaces.repair_space(space.id, **DOER)


def test_a_missing_folder_that_lies_in_the_trash_is_fetched_back():
    space = create()
    (space.path / ".halo" / "memory.md").write_text("# now\n")
    move_to_trash(space.path, f"space-{space.name}-{space.id[:8]}", LATER)
    assert spaces.repair_space(space.id, **DOER)
    assert (space.path / ".halo" / "memory.md").read_text() == "# now\n"
    assert not list(data_dir().trash.iterdir())


def test_a_missing_folder_elsewhere_is_found_where_the_person_says(tmp_path):
    space_id = outside(tmp_path)
    shutil.move(tmp_path / "far", tmp_path / "moved")
    assert spaces.repair_space(space_id, folder=str(tmp_path / "moved"), **DOER)
    assert get_space(space_id).path == tmp_path / "moved"


def test_a_folder_without_the_mark_of_the_space_is_refused(tmp_path):
    space_id = outside(tmp_path)
    shutil.rmtree(tmp_path / "far")
    (tmp_path / "other").mkdir()
    for folder in ("", "relative", str(data_dir().root), str(tmp_path / "other")):
        with pytest.raises(SpaceRefused):
            spaces.repair_space(space_id, folder=folder, **DOER)


def test_a_deleted_space_lies_in_the_trash():
    space = create()
    (space.path / ".halo" / "memory.md").write_text("# now\n")
    trashed = spaces.delete_space(space.id, **DOER)
    assert get_space(space.id) is None
    assert trashed.parent == data_dir().trash
    assert (trashed / ".halo" / "memory.md").read_text() == "# now\n"
    assert not space.path.exists()


def test_the_trash_tells_which_space_it_was():
    space = create("静かな " + "x" * 90)
    trashed = spaces.delete_space(space.id, **DOER)
    assert trashed.name.startswith("20261123T100000000000Z-space-静かな-xxx")
    assert trashed.name.endswith(space.id[:8])


def test_the_roles_in_a_deleted_space_go_with_it():
    space, other = create(), create("Other")
    user = User.objects.create_user("ann")
    for each in (space, other):
        SpaceMember.objects.create(user=user, space_id=each.id, role=Role.OPERATOR)
    spaces.delete_space(space.id, **DOER)
    assert list(SpaceMember.objects.values_list("space_id", flat=True)) == [other.id]
    assert AuditEntry.objects.get(verb="delete").before["members"] == {"ann": "operator"}


def test_a_deletion_that_was_killed_half_way_is_taken_back_by_the_next_start():
    space = create()
    (space.path / ".halo" / "memory.md").write_text("# now\n")
    move_to_trash(space.path, f"space-{space.name}-{space.id[:8]}", LATER)
    ensure_default_space(LATER)
    assert (space.path / ".halo" / "memory.md").read_text() == "# now\n"


def test_a_start_leaves_a_missing_folder_missing():
    space = create()
    shutil.rmtree(space.path)
    ensure_default_space(LATER)
    assert get_space(space.id).is_missing


def test_a_space_that_lies_in_another_ones_folder_is_never_taken_with_it(tmp_path):
    [home], inner = all_spaces(), outside(tmp_path, "Inner")
    content = json.loads(data_dir().spaces_index.read_text())
    content["spaces"][inner]["path"] = str(home.path)
    data_dir().spaces_index.write_text(json.dumps(content))
    with pytest.raises(SpaceRefused, match="Inner lie in this one"):
        spaces.delete_space(home.id, **DOER)
    assert spaces.delete_space(inner, **DOER) is None
    assert home.path.is_dir()


def test_the_folder_of_a_space_outside_stays(tmp_path):
    space_id = outside(tmp_path)
    assert spaces.delete_space(space_id, **DOER) is None
    assert (tmp_path / "far").is_dir()


@pytest.mark.parametrize("is_uninstalled", [False, True])
def test_a_space_with_an_app_in_it_is_not_deleted(is_uninstalled):
    app = install_app()
    if is_uninstalled:
        app.uninstall(actor=TESTER, now=LATER)
    with pytest.raises(SpaceInUse, match="Kettle Watch"):
        spaces.delete_space(app.space_id, **DOER)


def test_a_space_that_holds_the_files_of_an_app_is_not_deleted():
    app, work = install_app(), create()
    home = app.space_id
    app.move_to_space(work, actor=TESTER, now=LATER)
    with pytest.raises(SpaceInUse, match="Kettle Watch"):
        spaces.delete_space(home, **DOER)


def test_after_the_last_space_there_is_an_empty_default():
    [space] = all_spaces()
    spaces.delete_space(space.id, **DOER)
    [again] = all_spaces()
    assert (again.name, again.id != space.id) == ("Default", True)


def test_a_deletion_that_the_index_refuses_changes_nothing(monkeypatch):
    space = create()
    lines = AuditEntry.objects.count()

    def refuses(change):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(space_index, "update", refuses)
    with pytest.raises(OSError, match="No space left"):
        spaces.delete_space(space.id, **DOER)
    assert space.path.is_dir()
    assert AuditEntry.objects.count() == lines


def test_a_creation_that_the_index_refuses_leaves_nothing(monkeypatch):
    before = tree(data_dir().root)

    def refuses(change):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(space_index, "update", refuses)
    with pytest.raises(OSError, match="Read-only"):
        create()
    assert tree(data_dir().root) == before
    assert not AuditEntry.objects.exists()


def test_a_disk_that_fails_after_the_index_was_replaced_changes_nothing(monkeypatch):
    before = json.loads(data_dir().spaces_index.read_text())
    real, failed = os.fsync, []

    def fails_once(file):
        if not failed and Path(f"/proc/self/fd/{file}").readlink() == data_dir().root:
            failed.append(file)
            raise OSError(5, "Input/output error")
        real(file)

    monkeypatch.setattr(os, "fsync", fails_once)
    with pytest.raises(OSError, match="Input/output"):
        create()
    assert failed
    assert json.loads(data_dir().spaces_index.read_text()) == before


def refused_commit(monkeypatch):
    """A database that takes the audit line and refuses to keep it."""

    def refuses():
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(connection, "commit", refuses)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "verb",
    [
        lambda work: create("Another"),
        lambda work: change(work, name="Renamed"),
        lambda work: spaces.reorder_spaces([space.id for space in all_spaces()][::-1], **DOER),
        lambda work: spaces.delete_space(work.id, **DOER),
    ],
    ids=["create", "change", "reorder", "delete"],
)
def test_without_its_audit_line_nothing_changes(monkeypatch, verb):
    work = create()
    (work.path / ".halo" / "memory.md").write_text("# now\n")
    before, lines = tree(data_dir().root), AuditEntry.objects.count()
    with monkeypatch.context() as patch:
        refused_commit(patch)
        with pytest.raises(OperationalError, match="full"):
            verb(work)
    assert tree(data_dir().root) == before
    assert AuditEntry.objects.count() == lines
