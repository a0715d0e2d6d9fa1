"""What is named like a secret never gets into the audit log, however the name is spelled."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from halo_site import audit
from halo_site.masking import MASK
from halo_site.secret_names import in_text, is_secret_name, without_named

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
SECRETS = (
    "password", "Passwort", "db_password", "passwd", "pwd", "DB_PASS", "passphrase", "secret",
    "client_secret", "clientSecret", "token", "access_token", "accessToken", "ACCESS_TOKEN",
    "access-token", "refreshToken", "authtoken", "api_key", "apiKey", "api-key", "apikey", "APIKey",
    "API_KEY_2", "X-Api-Key", "privateKey", "private_key", "PRIVATE KEY", "cookie", "Set-Cookie",
    "authorization", "Proxy-Authorization", "bearer", "session", "sessionId", "session_id",
    "credentials", "awsSecretAccessKey", "signing_key", "token_value", "password1", "X-Auth",
    "smtp.password",
)  # fmt: skip
HARMLESS = (
    "max_tokens", "maxTokens", "token_count", "tokenLimit", "input_tokens", "monkey", "keyboard",
    "cookie_policy", "cookiePolicy", "password_policy", "passwordResetUrl", "token_url", "secret_name",
    "session_timeout", "author", "authority", "passenger", "compass", "bypass", "secretary",
    "public_key", "key", "keys", "name", "title", "tokenizer", "tokens_per_minute", "expires",
    "secret_set", "",
)  # fmt: skip


@pytest.mark.parametrize("name", SECRETS)
def test_names_of_secrets(name: str) -> None:
    assert without_named({name: "hunter"}) == {name: MASK}


@pytest.mark.parametrize("name", HARMLESS)
def test_names_of_what_is_none(name: str) -> None:
    assert without_named({name: "hunter"}) == {name: "hunter"}


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ({"auth": {"user": "me", "deep": ["a", {"b": 7}]}},
         {"auth": {"user": MASK, "deep": [MASK, {"b": MASK}]}}),
        ({"password": 12345678}, {"password": MASK}),
        ({"token": None, "secret": "", "password": True}, {"token": None, "secret": "", "password": True}),
        ({"tokens": 5, "token": "env:TOKEN"}, {"tokens": 5, "token": "env:TOKEN"}),
        ({"token": "env:TOKEN and more"}, {"token": MASK}),
        ([{"name": "API_KEY", "value": "k"}, {"name": "A", "value": "k"}],
         [{"name": "API_KEY", "value": MASK}, {"name": "A", "value": "k"}]),
        (["--api-key", "k", "--port", "80"], ["--api-key", MASK, "--port", "80"]),
    ],
)  # fmt: skip
def test_what_lies_under_such_a_name_is_masked_as_a_whole(value: Any, masked: Any) -> None:
    assert without_named(value) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://halo:hunter@host:5432/db", f"postgresql://{MASK}@host:5432/db"),
        ("https://ghp_abc@host/a?b=c", f"https://{MASK}@host/a?b=c"),
        ("https://a:b@c@host/", f"https://{MASK}@host/"),
        ("https://host/a?x=1&access_token=abc&y=2", f"https://host/a?x=1&access_token={MASK}&y=2"),
        ("https://host/?key=abc#end", f"https://host/?key={MASK}"),
        ("key=abc", "key=abc"),
        ("--token=abc --port=80", f"--token={MASK} --port=80"),
        ("Authorization: Bearer abcdefgh.ijk", f"Authorization: {MASK}"),
        ("it sent Bearer abcdefg9.ijk along", f"it sent Bearer {MASK} along"),
        ("basic configuration, token expiration", "basic configuration, token expiration"),
        ('{"apiKey": "abc", "a": "b"}', f'{{"apiKey": "{MASK}", "a": "b"}}'),
        ("password=secret:mail-password", "password=secret:mail-password"),
        ("https://host/@name?max_tokens=5", "https://host/@name?max_tokens=5"),
        ("me@example.org changed the password", "me@example.org changed the password"),
    ],
)
def test_names_within_texts(text: str, masked: str) -> None:
    assert in_text(text) == masked


def test_a_long_text_is_read_quickly() -> None:
    for text in ("a" * 200_000, "://" * 70_000, "a=" * 100_000, "'a" * 100_000, "Bearer " * 30_000):
        assert len(in_text(text)) <= 2 * len(text)


def _spellings(name: str) -> st.SearchStrategy[str]:
    words = name.split()
    camel = words[0] + "".join(word.title() for word in words[1:])
    joined = [separator.join(words) for separator in "_-. "]
    return st.sampled_from(
        [*joined, "_".join(words).upper(), camel, camel[0].upper() + camel[1:], f"my_{name}"]
    )


NAMES = st.sampled_from(
    [
        "password",
        "access token",
        "api key",
        "private key",
        "client secret",
        "cookie",
        "authorization",
        "session id",
    ]
).flatmap(_spellings)
PLANTED = "Planted-Value-91"
PLACES = st.recursive(
    NAMES.map(lambda name: {name: PLANTED}),
    lambda inner: inner.map(lambda value: {"a": value}) | inner.map(lambda value: ["b", value, 3])
    | st.tuples(NAMES, inner).map(lambda pair: {pair[0]: pair[1]}),
)  # fmt: skip


class StoredRows(TestCase):
    """Of the database, for the row is what counts."""

    @given(before=PLACES, after=PLACES, name=NAMES.filter(lambda name: " " not in name))
    def test_no_planted_secret_is_in_a_stored_row(self, before: Any, after: Any, name: str) -> None:
        summary = f"{name}={PLANTED} https://u:{PLANTED}@host/?{name}={PLANTED}"
        audit.record(
            audit.system("tests"), "test", object_type="app", object_id="1", now=NINE, summary=summary,
            before={"it": before}, after={"it": after},
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("SELECT summary, before_json, after_json FROM halo_audit_log")
            assert PLANTED not in str(cursor.fetchall())


def test_is_secret_name_takes_anything() -> None:
    assert not is_secret_name(5)
