"""Secrets in text: masked wherever they stand, in every disguise that HTTP and JSON give them."""

import base64
import json
from urllib.parse import quote

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
