"""What a person sees when a request fails."""

import errno
import io
import logging
import os
import sqlite3
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import SuspiciousOperation
from django.db import InternalError, OperationalError
from django.test import Client, RequestFactory

from app_runtime.models import Run
from app_runtime.runs import list_page as run_list_page
from halo_site.disk_trouble import trouble_of
from halo_site.errors import bad_request
from halo_site.too_large import MOST_TIMES
from tests.factories import make_app


@pytest.fixture
def patient(operator_client: Client) -> Client:
    """A browser that shows the error page, as a real one does, where the test client would raise."""
    operator_client.raise_request_exception = False
    return operator_client


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def failing(*args: object, **more: object) -> None:
        raise error

    monkeypatch.setattr(run_list_page, "run_rows", failing)


def test_a_locked_database_is_busy_and_worth_another_try(
    patient: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, OperationalError("database is locked"))
    answer = patient.get("/runs/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The database is busy" in answer.content.decode()


def test_anything_else_is_an_error_of_ours(patient: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, RuntimeError("kettle"))
    answer = patient.get("/runs/")
    assert answer.status_code == 500
    assert "kettle" not in answer.content.decode()


TROUBLE = [
    (OSError(errno.ENOSPC, "No space left on device"), 507, "The disk is full"),
    (OSError(errno.EDQUOT, "Disk quota exceeded"), 507, "The disk is full"),
    (OSError(errno.EROFS, "Read-only file system"), 507, "can only be read"),
    (OSError(errno.EIO, "Input/output error"), 503, "reports an error of its own"),
    (OperationalError("database or disk is full"), 507, "The disk is full"),
    (OperationalError("attempt to write a readonly database"), 507, "can only be read"),
    (OperationalError("disk I/O error"), 503, "reports an error of its own"),
    (OperationalError('could not extend file "base/1/2": No space left on device'), 507, "The disk is full"),
    (InternalError("cannot execute INSERT in a read-only transaction"), 507, "can only be read"),
]


@pytest.mark.parametrize(("error", "status", "words"), TROUBLE, ids=lambda each: str(each)[:30])
def test_trouble_with_the_disk_is_said_with_what_to_do(
    patient: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, words: str
) -> None:
    fail_with(monkeypatch, error)
    answer = patient.get("/runs/")
    text = answer.content.decode()
    assert answer.status_code == status
    assert words in text
    assert "Nothing was changed." in text


def test_trouble_behind_another_error_is_found(patient: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    error = RuntimeError("kettle")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    fail_with(monkeypatch, error)
    assert patient.get("/runs/").status_code == 507


def test_a_session_that_cannot_be_stored_does_not_say_that_nothing_was_changed(
    patient: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **more: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(SessionStore, "save", full)
    app = make_app()
    answer = patient.post(f"/apps/{app.pk}/run/")
    assert (answer.status_code, Run.objects.count()) == (507, 1)
    assert "may have been done" in answer.content.decode()
    assert "Nothing was changed." not in answer.content.decode()


@pytest.mark.parametrize("words", ["disk I/O error", "unable to open database file"])
def test_what_sqlite_leaves_open_is_asked_of_the_disk(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    class Disk:
        f_flag, f_bavail, f_frsize = 0, 1, 4096

    monkeypatch.setattr(os, "statvfs", lambda _path: Disk)
    assert str(trouble_of(OperationalError(words))).startswith("The disk is full.")
    Disk.f_flag = os.ST_RDONLY
    assert "can only be read" in str(trouble_of(sqlite3.OperationalError(words)))


def test_a_database_that_is_not_there_is_no_trouble_of_the_disk() -> None:
    assert trouble_of(OperationalError("unable to open database file")) is None


@pytest.mark.django_db
def test_the_address_of_a_form_opened_by_itself_says_what_it_is(operator_client: Client) -> None:
    response = operator_client.get("/spaces/reorder/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "This address takes a form" in response.content.decode()


@pytest.mark.django_db
def test_a_page_that_takes_no_form_is_not_called_one(operator_client: Client) -> None:
    response = operator_client.post("/spaces/")
    assert (response.status_code, response.content) == (405, b"")


@pytest.mark.django_db
def test_a_form_without_a_session_leads_back_to_the_page_that_had_it(client: Client) -> None:
    answer = client.post("/spaces/reorder/", {}, headers={"referer": "http://testserver/spaces/?a=1"})
    assert answer["Location"] == "/login/?next=/spaces/%3Fa%3D1"


@pytest.mark.django_db
def test_a_form_without_a_session_leads_to_no_other_site(client: Client) -> None:
    answer = client.post("/spaces/reorder/", {}, headers={"referer": "http://elsewhere.test/spaces/"})
    assert answer["Location"] == "/login/?next=/"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "origin"),
    [({"text": "kettle"}, "http://elsewhere.test"), ({"password": "kettle", "key": "kettle\n"}, None)],
    ids=["of another site", "secrets"],
)
def test_what_is_not_ones_own_text_is_not_shown_again(fields: dict[str, str], origin: str | None) -> None:
    headers = {"origin": origin} if origin else {}
    answer = Client(enforce_csrf_checks=True).post("/spaces/reorder/", fields, headers=headers)
    assert answer.status_code == 403
    assert "kettle" not in answer.content.decode()


@pytest.mark.django_db
def test_a_fragment_without_a_session_gets_no_page_with_a_text(client: Client) -> None:
    answer = client.post("/spaces/reorder/", {"text": "kettle"}, headers={"hx-request": "true"})
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/")


LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def send_too_much(patient: Client, size: int = MOST_TIMES * LIMIT) -> Any:
    """The answer to a form of more bytes than are read, even to give the text back."""
    return patient.post("/memory/user/save/", {"text": "x" * size})


@pytest.mark.django_db
def test_a_form_that_is_too_large_is_said_to_be_with_what_to_do(patient: Client) -> None:
    answer = send_too_much(patient)
    page = answer.content.decode()
    assert answer.status_code == 413
    assert "This form is too large" in page
    assert "Go back one page" in page
    assert 'href="/memory/user/edit/"' in page


def test_what_else_is_not_understood_is_not_called_too_large() -> None:
    answer = bad_request(RequestFactory().get("/"), SuspiciousOperation("kettle"))
    assert answer.status_code == 400
    assert "too large" not in answer.content.decode()
    assert "kettle" not in answer.content.decode()


@pytest.mark.django_db
def test_a_form_that_is_too_large_leaves_no_traceback(patient: Client) -> None:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger("django").addHandler(handler)  # beside the one that writes the log of the site
    try:
        assert send_too_much(patient).status_code == 413
        assert send_too_much(patient, LIMIT).status_code == 413
    finally:
        logging.getLogger("django").removeHandler(handler)
    assert log.getvalue() == ""
