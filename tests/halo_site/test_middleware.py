"""Forwarded headers are believed from a trusted proxy only (abuse case S2)."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from halo_site.middleware import trusted_proxy


def seen(settings: Settings, trusted: tuple[str, ...], **meta: str) -> HttpRequest:
    """The request as the views get it."""
    settings.HALO_TRUSTED_PROXY = trusted
    requests: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        requests.append(request)
        return HttpResponse()

    trusted_proxy(view)(RequestFactory().get("/", **meta))
    return requests[0]


def test_forwarded_headers_of_a_stranger_are_dropped(settings: Settings) -> None:
    request = seen(
        settings, (), REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_FOR="1.2.3.4"
    )
    assert "HTTP_X_FORWARDED_PROTO" not in request.META
    assert "HTTP_X_FORWARDED_FOR" not in request.META


def test_a_stranger_keeps_its_own_address(settings: Settings) -> None:
    request = seen(settings, ("10.0.0.1/32",), REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR="127.0.0.1")
    assert request.META["REMOTE_ADDR"] == "10.0.0.9"


def test_the_scheme_that_a_trusted_proxy_names_is_kept(settings: Settings) -> None:
    request = seen(settings, ("10.0.0.0/8",), REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_PROTO="https")
    assert request.META["HTTP_X_FORWARDED_PROTO"] == "https"


@pytest.mark.parametrize(
    ("named", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("127.0.0.1, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 10.0.0.8", "203.0.113.7"),
        ("nonsense", "10.0.0.9"),
        ("", "10.0.0.9"),
    ],
)
def test_behind_a_trusted_proxy_the_client_is_the_last_stranger(
    settings: Settings, named: str, address: str
) -> None:
    request = seen(settings, ("10.0.0.0/8",), REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR=named)
    assert request.META["REMOTE_ADDR"] == address


def test_an_address_that_is_none_is_not_trusted(settings: Settings) -> None:
    request = seen(settings, ("10.0.0.0/8",), REMOTE_ADDR="", HTTP_X_FORWARDED_PROTO="https")
    assert "HTTP_X_FORWARDED_PROTO" not in request.META


def test_a_foreign_host_name_is_refused(client: Client) -> None:
    assert client.get("/login/", headers={"host": "evil.example"}).status_code == 400
