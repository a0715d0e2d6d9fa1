"""The way out: what may be reached, judged at the address that is really connected to."""

import asyncio
import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_site import outbound
from halo_site.addresses import is_public
from halo_site.outbound import AddressRefused

PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "::7f00:1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]


class Pages(BaseHTTPRequestHandler):
    """`/` says hello and which Host was asked; `/to/…` redirects to the rest."""

    def do_GET(self) -> None:
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = f"hello {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@contextmanager
def pages() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def get(url: str, **options: object) -> httpx2.Response:
    async def go() -> httpx2.Response:
        async with outbound.client(**options) as client:  # type: ignore[arg-type]
            return await client.get(url)

    return asyncio.run(go())


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_every_disguise(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    forms = [
        ipaddress.IPv6Address(0xFFFF << 32 | number),
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | number),
        ipaddress.IPv6Address(0x2002 << 112 | number << 80 | 1),
    ]
    assert {is_public(form) for form in forms} == {is_public(address)}


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "localhost.", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]", "0"],
)
def test_no_form_of_this_machine_is_reached(host: str) -> None:
    with pages() as port, pytest.raises((AddressRefused, httpx2.ConnectError, httpx2.InvalidURL)):
        get(f"http://{host}:{port}/")


def test_the_refusal_says_what_to_do() -> None:
    with pytest.raises(AddressRefused, match=r"127.0.0.1 is a private address .* network.private_hosts"):
        get("http://127.0.0.1:9/")


def test_an_allowed_host_is_reached_on_its_port_alone() -> None:
    with pages() as port, pages() as other:
        allowed = [f"127.0.0.1:{port}"]
        assert get(f"http://127.0.0.1:{port}/", private_hosts=allowed).text == f"hello 127.0.0.1:{port}"
        with pytest.raises(AddressRefused):
            get(f"http://127.0.0.1:{other}/", private_hosts=allowed)


def test_a_host_that_is_allowed_without_a_port_is_reached_on_each() -> None:
    with pages() as port:
        assert get(f"http://LOCALHOST:{port}/", private_hosts=["localhost"]).status_code == 200


def test_a_redirect_to_a_host_that_is_not_allowed_is_refused() -> None:
    with pages() as port, pages() as other, pytest.raises(AddressRefused):
        get(f"http://127.0.0.1:{port}/to/http://127.0.0.1:{other}/", private_hosts=[f"127.0.0.1:{port}"])


def test_no_redirect_is_followed_where_a_secret_would_go_along() -> None:
    with pages() as port:
        answer = get(f"http://127.0.0.1:{port}/to//", any_private=True, redirects=0)
        assert answer.status_code == 302


def test_the_address_that_was_judged_is_the_one_that_is_connected_to() -> None:
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with pages() as port:
        options = {"resolve": rebinding, "private_hosts": ["kettle.example"]}
        assert get(f"http://kettle.example:{port}/", **options).text == f"hello kettle.example:{port}"
        assert asked == ["kettle.example"]
        with pytest.raises(AddressRefused):
            get(f"http://other.example:{port}/", **options)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    async def mixed(host: str, port: int) -> list[str]:
        return ["8.8.8.8", "127.0.0.1"]

    with pytest.raises(AddressRefused):
        get("http://kettle.example/", resolve=mixed)


def test_a_name_that_does_not_exist_is_told() -> None:
    async def nothing(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(httpx2.ConnectError, match=r"kettle\.example cannot be resolved: no such name"):
        get("http://kettle.example/", resolve=nothing)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pages() as port:
        assert get(f"http://127.0.0.1:{port}/", any_private=True).status_code == 200


def test_trusted_authorities_are_read_again_after_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [6_000.0]
    monkeypatch.setattr(outbound, "monotonic", lambda: now[0])
    before = outbound._trusted()
    now[0] += 599
    assert outbound._trusted() is before
    now[0] += 1
    assert outbound._trusted() is not before
