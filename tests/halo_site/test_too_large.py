"""A form of more bytes than are read gives its text back."""

from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from halo_site.datadir.paths import DataDir

pytestmark = pytest.mark.django_db
LIMIT = 50_000
TEXT = "Zürich & <b>水</b>\r\n\r\n--not the boundary\r\n" + "kettle\r\n" * 8_000
SAVE = "/memory/user/save/"


@pytest.fixture(autouse=True)
def small_limit(settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = LIMIT


@pytest.fixture
def own_file(data_directory: DataDir) -> Path:
    return data_directory.user_memory_file


@pytest.mark.parametrize("encoding", ["multipart", "urlencoded"])
def test_the_text_is_on_the_page_as_it_was_sent(operator_client: Client, encoding: str) -> None:
    fields = {"base": "", "text": TEXT, "name": "notes.md", "password": "secret words"}
    if encoding == "multipart":
        answer = operator_client.post(SAVE, fields)
    else:
        body = urlencode(fields)
        answer = operator_client.post(SAVE, body, content_type="application/x-www-form-urlencoded")
    page = unescape(answer.content.decode())
    assert answer.status_code == 413
    assert TEXT in page
    assert 'value="notes.md"' in page
    assert "secret words" not in page
    assert 'href="/memory/user/edit/"' in page


def test_nothing_is_written(operator_client: Client, own_file: Path) -> None:
    operator_client.post(SAVE, {"base": "", "text": TEXT})
    assert not own_file.exists()


def test_one_at_the_limit_is_a_form_like_any_other(operator_client: Client, own_file: Path) -> None:
    assert operator_client.post(SAVE, {"base": "", "text": "x" * (LIMIT - 1_000)}).status_code == 302
    assert own_file.exists()


def test_more_than_four_times_as_much_is_not_read(operator_client: Client) -> None:
    answer = operator_client.post(SAVE, {"text": "kettle" * LIMIT})
    page = answer.content.decode()
    assert answer.status_code == 413
    assert "kettle" not in page
    assert "Your text may still be in your browser" in page


def test_nobody_else_has_it_read(client: Client) -> None:
    assert "kettle" not in client.post(SAVE, {"text": TEXT}).content.decode()


def test_a_page_of_another_site_gets_nothing(operator_client: Client) -> None:
    answer = operator_client.post(SAVE, {"text": TEXT}, headers={"origin": "http://elsewhere.test"})
    assert answer.status_code == 413
    assert "kettle" not in answer.content.decode()


def test_a_preview_gets_no_page_with_a_text(operator_client: Client) -> None:
    answer = operator_client.post("/memory/user/preview/", {"text": TEXT}, headers={"hx-request": "true"})
    assert answer.status_code == 413
    assert "kettle" not in answer.content.decode()


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other"]
)
def test_a_form_that_nobody_can_read_has_no_text(operator_client: Client, kind: str) -> None:
    answer = operator_client.post(SAVE, b"--x\r\n" + b"y" * LIMIT, content_type=kind)
    assert answer.status_code == 413
    assert "Your text may still be in your browser" in answer.content.decode()


def test_a_file_is_no_text(operator_client: Client) -> None:
    answer = operator_client.post(SAVE, {"text": SimpleUploadedFile("text", TEXT.encode())})
    assert "kettle" not in answer.content.decode()
