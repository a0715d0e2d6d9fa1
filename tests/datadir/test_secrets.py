"""`secrets.json` and the key that signs."""

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from halo_site.datadir import secrets
from halo_site.datadir.paths import DataDir
from halo_site.datadir.secret_key import store_secret_key, stored_key


def test_a_secret_is_used_by_reference() -> None:
    secrets.set_secret("TOKEN", "hush")
    assert secrets.resolve("secret:TOKEN") == "hush"


def test_a_variable_is_used_by_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "hush")
    assert secrets.resolve("env:SOME_TOKEN") == "hush"


def test_the_list_has_names_only() -> None:
    secrets.set_secret("B", "hush")
    secrets.set_secret("A", "hush")
    assert secrets.secret_names() == ["A", "B"]


def test_a_deleted_secret_is_gone() -> None:
    secrets.set_secret("TOKEN", "hush")
    secrets.delete_secret("TOKEN")
    with pytest.raises(secrets.SecretMissing, match="secret:TOKEN is not set"):
        secrets.resolve("secret:TOKEN")


@pytest.mark.parametrize("reference", ["sk-hush", "vault:hush", "hush"])
def test_a_value_in_the_place_of_a_reference_is_not_repeated(reference: str) -> None:
    with pytest.raises(secrets.SecretMissing) as missing:
        secrets.resolve(reference)
    assert "hush" not in str(missing.value)


def test_the_file_is_for_its_owner_only(data_directory: DataDir) -> None:
    secrets.set_secret("TOKEN", "hush")
    assert stat.S_IMODE(data_directory.secrets.stat().st_mode) == 0o600


def test_the_key_is_stored_once(data_directory: DataDir, settings: Settings) -> None:
    settings.SECRET_KEY = "a" * 50
    store_secret_key()
    settings.SECRET_KEY = "b" * 50
    store_secret_key()
    assert stored_key(data_directory.root) == settings.SECRET_KEY == "a" * 50
    assert stat.S_IMODE(data_directory.secret_key.stat().st_mode) == 0o600


def test_a_key_that_was_given_is_not_stored(data_directory: DataDir, settings: Settings) -> None:
    settings.HALO_SECRET_KEY_GIVEN = True
    store_secret_key()
    assert not data_directory.secret_key.exists()


def test_without_a_file_there_is_no_key(tmp_path: Path) -> None:
    assert stored_key(tmp_path) == ""


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 50])
def test_it_refuses_a_damaged_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret_key").write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match="secret_key"):
        stored_key(tmp_path)


def test_it_refuses_a_folder_in_the_place_of_the_key(tmp_path: Path) -> None:
    (tmp_path / "secret_key").mkdir()
    with pytest.raises(ImproperlyConfigured, match="secret_key cannot be read"):
        stored_key(tmp_path)
