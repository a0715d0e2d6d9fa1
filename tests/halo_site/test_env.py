"""Environment variables: what is read, and what is refused with the variable's name."""

from pathlib import Path

import pytest

from halo_site.env import Environment, EnvironmentRefused, host_header, parse_bind


def test_an_absent_variable_gives_the_default() -> None:
    assert Environment({}).text("HALO_X", "fallback") == "fallback"


def test_a_blank_variable_counts_as_absent() -> None:
    assert Environment({"HALO_X": "  "}).text("HALO_X", "fallback") == "fallback"


@pytest.mark.parametrize("word", ["1", "true", "YES", "on"])
def test_words_for_yes_are_true(word: str) -> None:
    assert Environment({"HALO_DEBUG": word}).boolean("HALO_DEBUG") is True


@pytest.mark.parametrize("word", ["0", "false", "No", "off", ""])
def test_words_for_no_are_false(word: str) -> None:
    assert Environment({"HALO_DEBUG": word}).boolean("HALO_DEBUG", default=True) is False


def test_a_relative_directory_becomes_absolute() -> None:
    assert (
        Environment({"HALO_DATA_DIR": "some/place"}).path("HALO_DATA_DIR", "~/x") == Path.cwd() / "some/place"
    )


def test_a_home_directory_is_expanded() -> None:
    assert Environment({}).path("HALO_DATA_DIR", "~/.halo-site") == Path.home() / ".halo-site"


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://halo.example.org", "https://halo.example.org"),
        ("https://halo.example.org/", "https://halo.example.org"),
        ("HTTPS://Halo.Example.org:443", "https://halo.example.org"),
        ("http://halo.example.org:80", "http://halo.example.org"),
        ("http://10.0.0.5:8000", "http://10.0.0.5:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_spelled_as_browsers_spell_origins(given: str, origin: str) -> None:
    assert Environment({"HALO_URL": given}).url("HALO_URL") == origin


def test_a_network_is_normalised() -> None:
    variables = {"HALO_TRUSTED_PROXY": "10.0.0.5/8, 192.168.0.1"}
    assert Environment(variables).networks("HALO_TRUSTED_PROXY") == ("10.0.0.0/8", "192.168.0.1/32")


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("[::1]:1", ("::1", 1)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_an_address_to_listen_on_is_a_pair(text: str, pair: tuple[str, int]) -> None:
    assert parse_bind(text) == pair


def test_an_ipv6_address_stands_in_brackets_in_a_host_header() -> None:
    assert (host_header("::1"), host_header("10.0.0.5")) == ("[::1]", "10.0.0.5")


READERS = {
    "HALO_DEBUG": lambda env: env.boolean("HALO_DEBUG"),
    "HALO_WORKERS": lambda env: env.integer("HALO_WORKERS", 2, low=1, high=64),
    "HALO_BIND": lambda env: env.bind("HALO_BIND", "127.0.0.1:8000"),
    "HALO_URL": lambda env: env.url("HALO_URL"),
    "HALO_TRUSTED_PROXY": lambda env: env.networks("HALO_TRUSTED_PROXY"),
    "HALO_DATA_DIR": lambda env: env.path("HALO_DATA_DIR", "~"),
}
NONSENSE = [
    ("HALO_DEBUG", "perhaps"),
    *[("HALO_WORKERS", value) for value in ("two", "0", "65", "-1", "1.5", "9" * 30, "²")],
    *[
        ("HALO_BIND", value)
        for value in ("8000", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "a.example:80", ":80")
    ],
    *[("HALO_BIND", value) for value in ("127.0.0.1:http", "127.0.0.1:" + "1" * 40)],
    *[
        ("HALO_URL", value)
        for value in ("halo.example.org", "ftp://x", "https://x/path", "https://x:0", "https://")
    ],
    *[
        ("HALO_URL", value)
        for value in ("https://a b", "https://x?y", "https://u:p@x", "https://x:99999", "https://[x")
    ],
    *[("HALO_TRUSTED_PROXY", value) for value in ("proxy", "10.0.0.0/99", "10.0.0.1;10.0.0.2")],
    *[
        ("HALO_DATA_DIR", value)
        for value in ("~nobody-of-that-name/x", "/" + "x" * 300, "/x" * 2000, "/a\nb")
    ],
]


@pytest.mark.parametrize(("name", "value"), NONSENSE)
def test_it_refuses_nonsense_with_the_name_of_the_variable(name: str, value: str) -> None:
    with pytest.raises(EnvironmentRefused, match=f"^{name}="):
        READERS[name](Environment({name: value}))


def test_a_refused_secret_is_not_repeated() -> None:
    with pytest.raises(EnvironmentRefused) as refusal:
        Environment({"HALO_SECRET_KEY": "hush\x07hush"}).text("HALO_SECRET_KEY")
    assert "hush" not in str(refusal.value)


def test_a_password_in_a_refused_address_is_not_repeated() -> None:
    with pytest.raises(EnvironmentRefused) as refusal:
        Environment({"HALO_URL": "https://me:hush@halo.example.org"}).url("HALO_URL")
    assert "hush" not in str(refusal.value)


def test_a_short_secret_key_is_refused_and_not_repeated() -> None:
    with pytest.raises(EnvironmentRefused) as refused:
        Environment({"HALO_SECRET_KEY": "kettle"}).secret("HALO_SECRET_KEY")
    assert "HALO_SECRET_KEY" in str(refused.value)
    assert "kettle" not in str(refused.value)
