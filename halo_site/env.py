"""Typed readers of environment variables. Nonsense is refused at start with the variable's name."""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET = 32
TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})
EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
LONGEST_NAME = 255  # bytes of one part of a path
LONGEST_PATH = 3000  # characters; Linux takes 4096 bytes, and files lie below the directory


class EnvironmentRefused(ImproperlyConfigured):
    """An environment variable has a value that we cannot use; the message names it and says what would do."""

    def __init__(self, name: str, value: str, wanted: str) -> None:
        super().__init__(f"{name}={value!r} cannot be used: {wanted}.")


class Environment:
    """Reads variables out of a mapping, by default the process's own environment."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def text(self, name: str, default: str = "") -> str:
        """The variable without surrounding blanks; an empty one counts as absent."""
        value = self._variables.get(name, "").strip()
        if any(ord(character) < 32 for character in value):
            # The value is not repeated: this may be the secret key or a URL with a password
            raise EnvironmentRefused(name, "…", "control characters are not allowed")
        return value or default

    def secret(self, name: str) -> str:
        """A key of at least `SHORTEST_SECRET` characters, or an empty string. Messages never show it."""
        value = self.text(name)
        if value and len(value) < SHORTEST_SECRET:
            raise EnvironmentRefused(name, "…", f"a key has at least {SHORTEST_SECRET} characters")
        return value

    def boolean(self, name: str, default: bool = False) -> bool:
        value = self._variables.get(name, "").strip().lower()
        if name not in self._variables:
            return default
        if value in TRUE_WORDS:
            return True
        if value in FALSE_WORDS:
            return False
        raise EnvironmentRefused(name, value, "use 1 or 0")

    def integer(self, name: str, default: int, *, low: int, high: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if not (value.isascii() and value.isdigit() and low <= int(value[:9]) <= high):
            raise EnvironmentRefused(name, value, f"use a whole number from {low} to {high}")
        return int(value)

    def path(self, name: str, default: str) -> Path:
        """An absolute path; a leading ``~`` is the home directory."""
        value = self.text(name, default)
        try:
            path = Path(value).expanduser()
        except RuntimeError as error:
            raise EnvironmentRefused(name, value, "this home directory does not exist") from error
        if any(len(os.fsencode(part)) > LONGEST_NAME for part in path.parts) or len(str(path)) > LONGEST_PATH:
            raise EnvironmentRefused(name, value[:40] + "…", "this path is longer than a file system takes")
        return path.absolute()

    def url(self, name: str) -> str:
        """An ``http(s)://host[:port]`` address without path, or an empty string.

        It is spelled as browsers spell an origin: lower case, without the scheme's own port.
        """
        value = self.text(name).rstrip("/").lower()
        match = re.fullmatch(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", value)
        if not value:
            return ""
        if match is None or (match[3] and not 0 < int(match[3]) < 65536):
            raise EnvironmentRefused(
                name, _without_password(value), "use an address such as https://halo.example.org"
            )
        scheme, host, port = match.groups()
        own_port = port is None or int(port) == {"http": 80, "https": 443}[scheme]
        return f"{scheme}://{host}" if own_port else f"{scheme}://{host}:{int(port)}"

    def bind(self, name: str, default: str) -> tuple[str, int]:
        """``HOST:PORT`` (``[::1]:8000`` for IPv6) as a pair."""
        return parse_bind(self.text(name, default), name)

    def networks(self, name: str) -> tuple[str, ...]:
        """Comma-separated addresses or networks, normalised."""
        words = [word.strip() for word in self.text(name).split(",") if word.strip()]
        try:
            return tuple(str(ip_network(word, strict=False)) for word in words)
        except ValueError as error:
            wanted = "use addresses or networks such as 10.0.0.5 or 10.0.0.0/8, separated by commas"
            raise EnvironmentRefused(name, self.text(name), wanted) from error


def parse_bind(value: str, name: str = "HALO_BIND") -> tuple[str, int]:
    """Split ``HOST:PORT``; raises `EnvironmentRefused` naming ``name``.

    Port 0 is refused: nobody could know the address of the page.
    """
    host, colon, port = value.rpartition(":")
    wanted = "use HOST:PORT, for example 127.0.0.1:8000"
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise EnvironmentRefused(name, value, wanted)
    host = host.removeprefix("[").removesuffix("]")
    try:
        ip_address(host)
    except ValueError as error:
        if host != "localhost":
            raise EnvironmentRefused(name, value, f"{wanted}; HOST is an IP address or localhost") from error
    return host, int(port)


def host_header(host: str) -> str:
    """The host as a browser's Host header has it: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def _without_password(value: str) -> str:
    return re.sub(r"//[^/@]*@", "//…@", value)
