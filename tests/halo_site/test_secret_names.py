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
    "authorization", "Proxy-Authorization", "bearer", "sessionId", "session_id",
    "credentials", "awsSecretAccessKey", "signing_key", "token_value", "password1", "X-Auth",
    "smtp.password", "JSESSIONID", "sess_id", "openai_key", "openaiKey", "stripe_key", "sendgrid_key",
    "google_key", "telegram_key", "app_key", "appKey", "bot_key", "user_key", "hmac_key", "gpg_key",
    "pgp_key", "root_key", "host_key", "device_key", "privkey", "pin", "cvv", "mfa_code", "login_code",
    "recovery_code", "recovery_codes", "backup_codes", "pairing_code", "mnemonic", "seed_phrase", "dsn",
    "connection_string", "database_url", "slack_webhook", "webhook_url", "github_pat", "pat", "creds",
    "cred", "smtppass", "dbpass", "userpass", "auth_header", "cookie_header", "api_key_header",
    "total_secrets", "input_credentials", "密码", "密钥", "数据库密码", "パスワード", "비밀번호", "пароль",
    "ПАРОЛЬ",
    "senha", "contraseña", "mot_de_passe", "motDePasse", "kennwort", "passwort",
)  # fmt: skip
HARMLESS = (
    "max_tokens", "maxTokens", "token_count", "tokenLimit", "input_tokens", "monkey", "keyboard",
    "cookie_policy", "cookiePolicy", "password_policy", "passwordResetUrl", "token_url", "secret_name",
    "session_timeout", "author", "authority", "passenger", "compass", "bypass", "secretary",
    "public_key", "key", "keys", "name", "title", "tokenizer", "tokens_per_minute", "expires",
    "secret_set", "session", "session_notes", "possession", "obsession", "secret_santa", "fortune_cookie",
    "cookies_recipe", "pass_rate", "password_hint", "max_token", "context_tokens", "tokens_left",
    "token_cost", "primary_key", "sort_key", "zip_code", "status_code", "webhook", "url", "spin", "pattern",
    "",
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
        (["API_KEY=k", "Cookie: k", "PORT=80"], [f"API_KEY={MASK}", f"Cookie: {MASK}", "PORT=80"]),
        ({"command": "run TOKEN=k"}, {"command": f"run TOKEN={MASK}"}),
        ({"total_secrets": 5}, {"total_secrets": 5}),
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


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('{"name":"API_KEY","value":"x"}', f'{{"name":"API_KEY","value":"{MASK}"}}'),
        ('[{"pin": 1234}]', f'[{{"pin": "{MASK}"}}]'),
        ('{"password":"x","password":null}', f'{{"password":"{MASK}","password":null}}'),
        ('{"a":  1}', '{"a":  1}'),
        ('{"password": "x', '{"password": "x'),
    ],
)
def test_json_that_is_kept_as_a_text_is_masked_as_json_is(text: str, masked: str) -> None:
    assert without_named({"config": text}) == {"config": masked}


@pytest.mark.parametrize(
    "text", ["Cookie: recipes from grandma", "Token=Economy", "Basic understanding2", "key=abc", "[a]", "{"]
)
def test_what_people_call_their_things_is_left_alone(text: str) -> None:
    assert without_named({"name": text, "about": text}) == {"name": text, "about": text}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("see https://a:b@host/?token=abc", f"see https://{MASK}@host/?token={MASK}"),
        ("run --token=abc", f"run --token={MASK}"),
    ],
)
def test_addresses_and_flags_are_masked_in_every_text(text: str, masked: str) -> None:
    assert without_named({"about": text}) == {"about": masked}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Cookie: recipes from grandma", "Token=Economy", "Basic understanding2"])
def test_the_log_says_what_a_thing_is_called(name: str) -> None:
    line = audit.record(
        audit.system("tests"), "create", object_type="space", object_id="1", now=NINE, summary=name
    )
    assert line.summary == name


def test_a_long_text_is_read_quickly() -> None:
    for text in (
        "a" * 200_000,
        "://" * 70_000,
        "a=" * 100_000,
        "'a" * 100_000,
        "Bearer " * 30_000,
        "[" * 100_000,
    ):
        assert len(in_text(text)) <= 2 * len(text)
        assert without_named({"text": text}) == {"text": text}


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

    @given(before=PLACES, after=PLACES)
    def test_no_planted_secret_is_in_a_stored_row(self, before: Any, after: Any) -> None:
        summary = f"https://u:{PLANTED}@host/"
        audit.record(
            audit.system("tests"), "test", object_type="app", object_id="1", now=NINE, summary=summary,
            before={"it": before}, after={"it": after},
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("SELECT summary, before_json, after_json FROM halo_audit_log")
            assert PLANTED not in str(cursor.fetchall())


def test_is_secret_name_takes_anything() -> None:
    assert not is_secret_name(5)
