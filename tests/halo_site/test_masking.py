"""Secrets in text: masked wherever they stand, in every disguise that HTTP and JSON give them."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halo_site.masking import MASK, SHORTEST, Masker

SECRET = 'sk-"äö/+ 12\\34'


def test_a_secret_is_masked_wherever_it_stands() -> None:
    assert Masker(["hunter22"]).text("a hunter22, hunter22b") == f"a {MASK}, {MASK}b"


def test_a_secret_in_an_address_in_json_and_in_credentials_is_masked() -> None:
    forms = [SECRET, quote(SECRET, safe=""), json.dumps(SECRET, ensure_ascii=False)[1:-1]]
    forms.append(base64.b64encode(SECRET.encode()).decode())
    masker = Masker([SECRET])
    assert [form for form in forms if MASK not in masker.text(f"x {form} y")] == []


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert Masker(["secret-1", "secret-123"]).text("secret-123") == MASK


def test_short_values_are_left_alone() -> None:
    assert Masker(["no"]).text("no, nothing") == "no, nothing"


def test_lists_objects_and_their_keys_are_masked() -> None:
    value = {"a": ["hunter22", 1, None], "hunter22": {"b": "x hunter22"}}
    assert Masker(["hunter22"]).value(value) == {"a": [MASK, 1, None], MASK: {"b": f"x {MASK}"}}


@given(st.text(min_size=SHORTEST), st.text(), st.text())
def test_no_secret_survives(secret: str, before: str, after: str) -> None:
    masked = Masker([secret]).text(before + secret + after)
    assert secret not in masked or secret in MASK * 9


@given(st.binary(max_size=7), st.text(min_size=SHORTEST, max_size=40), st.binary(max_size=7))
def test_no_secret_survives_in_base64_wherever_it_begins(before: bytes, secret: str, after: bytes) -> None:
    """Of its own digits at most one at each end is left: those that it shares with what stands beside it."""
    raw = secret.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded = encode(before + raw + after).decode()
        first, last = -(-len(before) * 8 // 6), (len(before) + len(raw)) * 8 // 6
        assert encoded[first:last] not in Masker([secret]).text(encoded)


@pytest.mark.parametrize(
    "disguise",
    [
        lambda secret: quote(secret, safe="").lower(),
        lambda secret: quote(secret),
        lambda secret: json.dumps(secret)[1:-1],
        lambda secret: html.escape(secret),
        lambda secret: secret.encode().hex(),
        lambda secret: secret.encode().hex().upper(),
    ],
)
def test_a_secret_in_another_disguise_is_masked(disguise: Callable[[str], str]) -> None:
    secret = 'sk-"ÄÖ/+ <12>\\34'.lower()
    assert Masker([secret]).text(f"a={disguise(secret)};") == f"a={MASK};"


def test_a_secret_of_blanks_does_not_mask_everything() -> None:
    assert Masker(["  a     "]).text("nothing of a") == "nothing of a"
