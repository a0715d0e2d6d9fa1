"""What a person sees when a request fails."""

import pytest
from django.db import OperationalError
from django.test import Client

from app_runtime import views


@pytest.fixture
def patient(operator_client: Client) -> Client:
    """A browser that shows the error page, as a real one does, where the test client would raise."""
    operator_client.raise_request_exception = False
    return operator_client


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def failing(*args: object, **more: object) -> None:
        raise error

    monkeypatch.setattr(views, "run_rows", failing)


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
