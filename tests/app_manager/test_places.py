"""What memory knows of the apps."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from app_manager.models import App
from app_manager.places import caller_of
from halo_site.datadir.names import PathRefused
from memory.places import all_places, app_caller, app_place, find_place, place_keys, places_of
from memory.tools import memory_read
from tests.app_manager.factories import NINE, install_app, space, uninstall

pytestmark = pytest.mark.django_db


def test_the_memory_of_an_app_lies_in_its_folder():
    app = install_app()
    place = app_place(app.pk)
    assert place.base / place.below("") == app.folder / "memory.md"
    assert place.base / place.below("run/x.md") == app.folder / "memory/run/x.md"


def test_a_path_of_its_own_counts_for_more():
    app = install_app()
    pinned = app.space.path / "apps" / "kettle"
    App.objects.update(data_path=str(pinned))
    place = app_place(app.pk)
    assert place.base / place.below("") == pinned / "memory.md"


@pytest.mark.parametrize(
    "stored",
    ["../../etc", "relative", "/", "/etc", "{data}", "{data}/temp", "{apps}", "{apps}/../../x", "/a\0b"],
)
def test_a_stored_path_outside_of_every_space_is_not_used(data_directory, stored):
    app = install_app()
    apps = app.space.path / "apps"
    App.objects.update(data_path=stored.format(data=data_directory.root, apps=apps).replace("\0", "\x01"))
    assert app_place(app.pk) is None


def test_installed_apps_are_listed_and_uninstalled_ones_are_not():
    app = install_app()
    uninstall(install_app(name="Gone"))
    assert [place.key for place in all_places() if place.scope == "app"] == [f"app:{app.pk}"]


def test_keys_name_the_places_of_installed_apps_in_the_same_order():
    uninstall(install_app(name="Gone"))
    install_app(name="One")
    install_app(name="Two")
    assert place_keys() == [place.key for place in all_places()]
    found = places_of([*place_keys(), "app:none", "space:none"])
    assert found == {place.key: place for place in all_places()}


def test_an_app_whose_space_is_gone_has_no_place():
    app = install_app()
    App.objects.update(space_id="gone")
    assert find_place(f"app:{app.pk}") is None
    assert [place for place in all_places() if place.scope == "app"] == []


def test_an_unknown_app_has_no_place_and_is_no_caller():
    assert (app_place("none"), app_caller("none")) == (None, None)


@pytest.mark.parametrize(
    ("granted", "denied", "may"),
    [((), (), False), (("memory.space",), (), True), (("memory.space",), ("memory.space",), False)],
)
def test_the_memory_of_its_space_has_to_be_granted(granted, denied, may):
    app = install_app(granted=granted, denied=denied)
    assert app_caller(app.pk).space_memory is may


def test_an_app_reads_its_own_memory_through_the_tools():
    app = install_app()
    (app.folder / "memory.md").write_text("# now\n")
    assert memory_read(caller_of(app), "app", now=NINE) == "# now\n"


def test_a_link_in_place_of_its_folder_is_refused(tmp_path):
    from memory.documents import on_disk

    app = install_app()
    (app.folder / "memory").rmdir()
    app.folder.rmdir()
    (tmp_path / "memory.md").write_text("secret")
    app.folder.symlink_to(tmp_path)
    with pytest.raises(PathRefused):
        on_disk(app_place(app.pk), "")
    assert app.folder.is_relative_to(space().path)


@pytest.mark.parametrize("command", ["memory_read", "memory_list", "memory_write"])
def test_nothing_is_done_in_the_name_of_an_uninstalled_app(command):
    app = install_app()
    uninstall(app)
    more = ["--content", "x"] if command == "memory_write" else []
    with pytest.raises(CommandError, match="was uninstalled"):
        call_command(command, "--as", f"app:{app.pk}", "--scope", "app", *more)
    assert not (app.folder / "memory.md").exists()


@pytest.mark.parametrize("page", ["document_detail", "document_edit"])
def test_the_memory_of_an_uninstalled_app_says_so(operator_client, page):
    app = install_app()
    address = reverse(f"memory:{page}", args=[f"app:{app.pk}"])
    assert "The app of this memory is uninstalled" not in operator_client.get(address).content.decode()
    uninstall(app)
    page = operator_client.get(address).content.decode()
    assert "The app of this memory is uninstalled" in page
    assert "Read each run" not in page
    assert "The first run that notes something" not in page
