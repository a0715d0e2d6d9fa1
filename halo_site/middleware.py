"""Which client address and scheme a request really has."""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED")
Networks = list[IPv4Network | IPv6Network]


def refuse_nul(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 400 for a NUL in an address of the admin, which would hand it to PostgreSQL (abuse case S30)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        has_nul = "\0" in request.path or "%00" in request.META.get("QUERY_STRING", "")
        if has_nul and request.path.startswith("/admin/"):
            return HttpResponseBadRequest("This address has a character that no address of this site has.")
        return get_response(request)

    return middleware


def trusted_proxy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Drop forwarded headers unless ``HALO_TRUSTED_PROXY`` names the machine that sent them (abuse case S2).

    From a trusted proxy, ``REMOTE_ADDR`` becomes the client's: what counts by address counts people.
    """
    networks = [ip_network(network) for network in settings.HALO_TRUSTED_PROXY]

    def middleware(request: HttpRequest) -> HttpResponse:
        if _is_trusted(request.META.get("REMOTE_ADDR", ""), networks):
            request.META["REMOTE_ADDR"] = client_address(request, networks)
        else:
            for header in FORWARDED:
                request.META.pop(header, None)
        return get_response(request)

    return middleware


def client_address(request: HttpRequest, networks: Networks) -> str:
    """The last address that no trusted proxy has, of those that the trusted proxies named.

    Everything left of it may have been written by the client itself.
    """
    address = str(request.META["REMOTE_ADDR"])
    for named in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not _is_trusted(address, networks) or not _is_address(named.strip()):
            break
        address = named.strip()
    return address


def _is_trusted(address: str, networks: Networks) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
