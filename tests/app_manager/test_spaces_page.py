"""The list of spaces."""

import json
import shutil

import pytest

from app_manager.models import App
from halo_site.datadir.paths import data_dir
from tests.app_manager.factories import install_app, space, uninstall

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
