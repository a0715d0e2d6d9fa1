"""The list of spaces."""

import json
import shutil

import pytest
from django.test import Client
from django.urls import reverse

from app_manager.models import App
from halo_site.datadir.paths import data_dir
from halo_site.datadir.spaces import all_spaces, ensure_default_space
from tests.app_manager.factories import NINE, install_app, space, uninstall

pytestmark = pytest.mark.django_db


def page(browser):
    return browser.get("/spaces/").content.decode()


def test_it_names_each_space_with_its_folders(operator_client):
    index = json.loads(data_dir().spaces_index.read_text())
    index["spaces"][space().id]["workingDir"] = "/srv/tea"
    data_dir().spaces_index.write_text(json.dumps(index))
    text = page(operator_client)
    assert str(space().path) in text
    assert "/srv/tea" in text


def test_it_counts_installed_apps_only(operator_client):
    install_app()
    uninstall(install_app(name="Gone"))
    assert 'data-name="Apps">1</td>' in page(operator_client)


def test_it_says_when_a_folder_is_missing(operator_client):
    shutil.rmtree(space().path)
    assert "Folder missing" in page(operator_client)


def test_it_says_when_apps_belong_to_no_space_of_the_index(operator_client):
    install_app()
    App.objects.update(space_id="gone")
    assert "1 installed app belongs to a space that is not in" in page(operator_client)


def test_it_asks_no_more_as_apps_are_added(operator_client, django_assert_max_num_queries):
    page(operator_client)
    with django_assert_max_num_queries(100) as few:
        page(operator_client)
    for number in range(10):
        install_app(name=f"Kettle {number}")
    with django_assert_max_num_queries(len(few.captured_queries)):
        page(operator_client)


def test_strangers_see_nothing(client):
    assert client.get("/spaces/").status_code == 302


def post(browser, verb, *args, **data):
    return browser.post(reverse(f"app_manager:{verb}", args=args), data)


def test_a_space_is_made_by_the_form(operator_client):
    post(operator_client, "space_create", name="Work", icon="home")
    assert {space.name for space in all_spaces()} == {"Default", "Work"}


@pytest.mark.parametrize("data", [{}, {"name": " ", "icon": "home"}, {"name": "x", "icon": "rocket"}])
def test_a_space_that_cannot_be_is_refused_beside_its_field(operator_client, data):
    response = post(operator_client, "space_create", **data)
    assert response.status_code == 422
    assert "errorlist" in response.content.decode()


def test_a_space_is_renamed_by_the_form(operator_client):
    post(operator_client, "space_save", space().id, name="Home", icon="home", working_dir="")
    assert (space().name, space().icon) == ("Home", "home")


def test_a_name_that_is_taken_is_said_beside_the_field(operator_client):
    post(operator_client, "space_create", name="Work", icon="home")
    response = post(operator_client, "space_save", space().id, name="Default", icon="home")
    assert response.status_code == 422
    assert "Another space has this name" in response.content.decode()


def test_the_arrow_moves_a_space(operator_client):
    post(operator_client, "space_create", name="Work", icon="home")
    work, default = all_spaces()
    assert f'value="{default.id},{work.id}"' in page(operator_client)
    post(operator_client, "space_reorder", order=f"{default.id},{work.id}")
    assert [each.name for each in all_spaces()] == ["Default", "Work"]


def test_an_arrow_of_an_old_page_is_refused(operator_client):
    assert post(operator_client, "space_reorder", order="a,b").status_code == 409


def test_a_missing_folder_is_made_again_by_the_button(operator_client):
    shutil.rmtree(space().path)
    assert "Make an empty folder" in operator_client.get(f"/spaces/{space().id}/").content.decode()
    post(operator_client, "space_repair", space().id)
    assert not space().is_missing


def test_a_space_is_deleted_by_the_button(operator_client):
    post(operator_client, "space_create", name="Work", icon="home")
    post(operator_client, "space_delete", space().id)
    assert [each.name for each in all_spaces()] == ["Default"]


def test_a_space_with_apps_is_not_deleted(operator_client):
    app = install_app()
    response = post(operator_client, "space_delete", app.space_id)
    assert response.status_code == 409
    assert app.name in response.content.decode()


def test_a_lost_index_is_said_and_never_shown_as_no_spaces(operator_client):
    data_dir().spaces_index.write_text("{bad")
    text = page(operator_client)
    assert "spaces-index.json cannot be read" in text
    assert space().id in text


def test_a_recovery_is_said_until_it_was_seen(operator_client):
    data_dir().spaces_index.write_text("{bad")
    ensure_default_space(NINE)
    assert "The index of the spaces was made again" in page(operator_client)
    post(operator_client, "space_recovery_seen")
    assert "The index of the spaces was made again" not in page(operator_client)


VERBS = ["space_save", "space_repair", "space_delete"]
LISTED = ["space_create", "space_reorder", "space_recovery_seen"]


@pytest.mark.parametrize("name", [*VERBS, *LISTED])
def test_no_verb_of_a_space_is_done_by_looking_or_by_strangers(operator_client, client, name):
    address = reverse(f"app_manager:{name}", args=[space().id] if name in VERBS else [])
    before = data_dir().spaces_index.read_bytes()
    assert operator_client.get(address).status_code == 405
    assert "/login/" in client.post(address).headers["Location"]
    assert data_dir().spaces_index.read_bytes() == before


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("space_id", ["nowhere", "halo-temp"])
def test_a_space_that_is_not_there_is_not_found(operator_client, name, space_id):
    assert post(operator_client, name, space_id).status_code == 404


@pytest.mark.parametrize("name", [*VERBS, *LISTED])
def test_a_form_of_another_site_is_refused(operator, name):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(operator)
    address = reverse(f"app_manager:{name}", args=[space().id] if name in VERBS else [])
    assert browser.post(address).status_code == 403


def test_a_button_that_is_pressed_twice_makes_one_space(operator_client):
    answers = [post(operator_client, "space_create", name="Work", icon="home") for _press in range(2)]
    assert [answer.status_code for answer in answers] == [302, 422]
    assert len(all_spaces()) == 2


def test_a_folder_that_is_not_the_spaces_is_refused_beside_its_field(operator_client, tmp_path):
    index = json.loads(data_dir().spaces_index.read_text())
    index["spaces"][space().id]["path"] = str(tmp_path / "gone")
    data_dir().spaces_index.write_text(json.dumps(index))
    response = post(operator_client, "space_repair", space().id, folder=str(tmp_path / "other"))
    assert response.status_code == 422
    text = response.content.decode()
    assert f'value="{tmp_path}/other"' in text
    assert "This folder is not of this space" in text


def test_entries_that_are_left_out_are_named(operator_client):
    index = json.loads(data_dir().spaces_index.read_text())
    index["spaces"]["odd\ud800"] = {"path": 5}
    data_dir().spaces_index.write_text(json.dumps(index))
    assert "odd\ufffd" in page(operator_client)


def give_working_dir(folder):
    index = json.loads(data_dir().spaces_index.read_text())
    index["spaces"][space().id]["workingDir"] = str(folder)
    data_dir().spaces_index.write_text(json.dumps(index))


def test_a_working_directory_that_is_gone_is_flagged(operator_client, tmp_path):
    give_working_dir(tmp_path)
    assert "missing" not in page(operator_client)
    give_working_dir(tmp_path / "gone")
    assert "missing" in page(operator_client)
    assert (
        "The working directory is missing" in operator_client.get(f"/spaces/{space().id}/").content.decode()
    )


def test_a_space_whose_working_directory_is_gone_can_be_renamed(operator_client, tmp_path):
    give_working_dir(tmp_path / "gone")
    fields = {"name": "Tea", "icon": "folder", "working_dir": str(tmp_path / "gone")}
    operator_client.post(f"/spaces/{space().id}/save/", fields)
    assert (space().name, space().working_dir) == ("Tea", tmp_path / "gone")


def test_a_name_that_is_no_path_is_refused_where_there_is_no_working_directory(operator_client):
    fields = {"name": space().name, "icon": "folder", "working_dir": "None"}
    assert operator_client.post(f"/spaces/{space().id}/save/", fields).status_code == 422
    assert space().working_dir is None
