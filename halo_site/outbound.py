"""The one way out by HTTP: connections go to public addresses only, unless somebody allowed the host.

The address that is really connected to is judged, on every connection and so on every redirect: a name
that resolves otherwise a moment later, or a redirect to this machine, changes nothing (DESIGN §9).
For workers only.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable
from functools import lru_cache
from time import monotonic
from typing import Any

import httpcore2
import httpx2

from halo_site.addresses import is_public

CONNECT_SECONDS = 10.0
TRUSTED_SECONDS = 600
AGENT = "HaloSite"
Resolve = Callable[[str, int], Awaitable[list[str]]]


class AddressRefused(httpx2.ConnectError):
    """The host has an address that nobody allowed to reach."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(
            f"{host} is a private address ({address}). If it is meant to be reached, an administrator "
            "allows it: network.private_hosts in config.json, or the tick of the model source."
        )


def client(
    *,
    private_hosts: Collection[str] = (),
    any_private: bool = False,
    quiet_seconds: float = 30,
    redirects: int = 5,
    headers: dict[str, str] | None = None,
    resolve: Resolve | None = None,
) -> httpx2.AsyncClient:
    """A client whose every connection is judged. Close it in the event loop in which it was used.

    ``private_hosts`` are names as they stand in addresses, with ``:port`` for that port only; ``any_private``
    allows every address. ``quiet_seconds`` is the longest time without a byte. With ``redirects=0`` none is
    followed, as it must be where headers hold a secret. Proxies of the environment are not used.
    """
    allowed = frozenset(host.lower().rstrip(".") for host in private_hosts)
    return httpx2.AsyncClient(
        transport=_Transport(_Guard(allowed, any_private=any_private, resolve=resolve or _resolve)),
        timeout=httpx2.Timeout(quiet_seconds, connect=CONNECT_SECONDS),
        follow_redirects=redirects > 0,
        max_redirects=max(redirects, 1),
        headers={"User-Agent": AGENT, **(headers or {})},
        trust_env=False,
    )


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_rest, sockaddr in found))


class _Guard(httpcore2.AsyncNetworkBackend):
    """Resolves a name once, judges every answer, and connects to one of the judged addresses."""

    def __init__(self, allowed: frozenset[str], *, any_private: bool, resolve: Resolve) -> None:
        self._allowed, self._any_private, self._resolve = allowed, any_private, resolve
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to ``host``. Raises `AddressRefused`, or what httpcore2 raises."""
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in await self._judged(host, port, timeout):
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _judged(self, host: str, port: int, timeout: float | None) -> list[str]:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"The name {host} was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"The name {host} cannot be resolved: {error}") from error
        if not self._is_allowed(host, port):
            for address in addresses:
                # A zone ("%eth0") belongs to addresses of one's own network only, and is no part of them.
                if not is_public(ipaddress.ip_address(address.partition("%")[0])):
                    raise AddressRefused(host, address)
        return addresses

    def _is_allowed(self, host: str, port: int) -> bool:
        name = host.lower().rstrip(".")
        bracketed = f"[{name}]" if ":" in name else name
        return self._any_private or not self._allowed.isdisjoint({name, f"{bracketed}:{port}"})


class _Transport(httpx2.AsyncHTTPTransport):
    """httpx2's own transport, with connections that the guard makes."""

    def __init__(self, guard: _Guard) -> None:
        trusted = _trusted()
        super().__init__(verify=trusted, trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(ssl_context=trusted, network_backend=guard)


def _trusted() -> ssl.SSLContext:
    """The authorities that the system trusts, at most ten minutes old: to read them takes 50 ms."""
    return _read_trusted(int(monotonic() // TRUSTED_SECONDS))


@lru_cache(maxsize=1)
def _read_trusted(_span: int) -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)
