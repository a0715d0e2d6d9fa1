"""The memory of an app that cannot be opened: every page says what is wrong and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from app_manager.models import App
from halo_site.models import SpaceMember
from halo_site.roles import Role
from tests.app_manager.factories import install_app, uninstall

pytestmark = pytest.mark.django_db
Spoil = Callable[[App, Path], object]
SHOWN = ("document_detail", "document_edit", "document_history", "document_blame", "document_raw")
DOCTOR = "Run “manage.py doctor” on the server"
SENT = ("document_save", "document_merge", "document_copy", "document_rename", "document_restore")


def spoil_path(app: App, elsewhere: Path) -> None:
    App.objects.update(data_path=str(elsewhere))


def lose_space(app: App, elsewhere: Path) -> None:
    App.objects.update(space_id="gone")


def link_folder(app: App, elsewhere: Path) -> None:
    """Another folder, with memory of its own, in the place of the app's."""
    (elsewhere / "memory").mkdir()
    for name in ("memory.md", "memory/notes.md"):
        (elsewhere / name).write_text("secret")
    (app.folder / "memory").rmdir()
    app.folder.rmdir()
    app.folder.symlink_to(elsewhere)


def pages(app: App) -> list[str]:
    """The pages of its main file, of another file, and of all of its files."""
    key = f"app:{app.pk}"
    documents = [
        reverse(f"memory:{name}", args=args) for name in SHOWN for args in ([key], [key, "notes.md"])
    ]
    return [
        *documents,
        reverse("memory:document_new", args=[key]),
        reverse("memory:deleted_list", args=[key]),
    ]


def sent(app: App) -> list[str]:
    key = f"app:{app.pk}"
    return [reverse(f"memory:{name}", args=[key, "notes.md"]) for name in SENT]


@pytest.fixture
def app(db: None) -> App:
    return install_app()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        (spoil_path, DOCTOR),
        (lose_space, DOCTOR),
        (link_folder, "put the folder itself in the place of the link"),
    ],
)
def test_each_page_says_why_it_cannot_be_opened(
    operator_client: Client, app: App, elsewhere: Path, spoil: Spoil, advice: str
) -> None:
    spoil(app, elsewhere)
    for address in pages(app):
        answer = operator_client.get(address)
        page = answer.content.decode()
        assert (address, answer.status_code) == (address, 404)
        assert "This memory cannot be opened" in page, address
        assert advice in page, address
        assert "secret" not in page, address


@pytest.mark.parametrize("spoil", [spoil_path, lose_space])
def test_other_pages_about_it_say_so_too(
    operator_client: Client, app: App, elsewhere: Path, spoil: Spoil
) -> None:
    spoil(app, elsewhere)
    key = f"app:{app.pk}"
    others = [f"/memory/search/?q=x&place={key}", f"/memory/orphans/?place={key}", f"/apps/{app.pk}/memory/"]
    for address in others:
        answer = operator_client.get(address)
        assert (address, answer.status_code) == (address, 404)
        assert "This memory cannot be opened" in answer.content.decode(), address


@pytest.mark.parametrize("spoil", [spoil_path, lose_space, link_folder])
def test_what_is_sent_there_is_refused_with_the_same_words(
    operator_client: Client, app: App, elsewhere: Path, spoil: Spoil
) -> None:
    spoil(app, elsewhere)
    before = sorted(elsewhere.rglob("*"))
    for address in sent(app):
        answer = operator_client.post(address, {"text": "x", "name": "new.md"})
        assert (address, answer.status_code) == (address, 404)
        assert "This memory cannot be opened" in answer.content.decode()
    assert sorted(elsewhere.rglob("*")) == before


def test_the_page_of_all_memory_names_it(operator_client: Client, app: App, elsewhere: Path) -> None:
    assert "cannot be opened" not in operator_client.get("/memory/").content.decode()
    spoil_path(app, elsewhere)
    page = operator_client.get("/memory/").content.decode()
    assert "The memory of 1 app cannot be opened" in page
    assert f"/memory/app:{app.pk}/" in page


def test_an_uninstalled_one_is_told_of_at_its_address_only(
    operator_client: Client, app: App, elsewhere: Path
) -> None:
    uninstall(app)
    spoil_path(app, elsewhere)
    assert "cannot be opened" not in operator_client.get("/memory/").content.decode()
    assert "cannot be opened" in operator_client.get(f"/memory/app:{app.pk}/").content.decode()


def test_who_may_not_see_the_app_is_told_nothing(client: Client, app: App, elsewhere: Path) -> None:
    stranger = User.objects.create_user("gardener")
    SpaceMember.objects.create(user=stranger, space_id="another", role=Role.ADMINISTRATOR)
    client.force_login(stranger)
    spoil_path(app, elsewhere)
    answer = client.get(f"/memory/app:{app.pk}/")
    assert answer.status_code == 404
    assert "cannot be opened" not in answer.content.decode()


def test_an_unknown_app_has_the_page_of_what_is_not_there(operator_client: Client, app: App) -> None:
    page = operator_client.get("/memory/app:none/").content.decode()
    assert "There is nothing at this address" in page


@pytest.mark.parametrize("page", ["document_detail", "document_edit", "document_history", "document_raw"])
def test_a_folder_that_is_gone_is_said_to_be(operator_client: Client, app: App, page: str) -> None:
    (app.folder / "memory").rmdir()
    app.folder.rmdir()
    answer = operator_client.get(reverse(f"memory:{page}", args=[f"app:{app.pk}"]))
    assert "The folder of this memory is missing" in answer.content.decode()
