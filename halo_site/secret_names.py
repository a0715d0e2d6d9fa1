"""What is named like a secret is masked, wherever the name stands: in objects, lists, arguments, addresses.

Names are read as words, so that ``accessToken``, ``access-token`` and ``ACCESS_TOKEN`` are one name, and
``max_tokens``, ``token_count``, ``monkey`` and ``cookie_policy`` are none of a secret.
"""

import re
from itertools import pairwise
from typing import Any

from halo_site.masking import MASK

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\dA-Za-z_]+")
# A word that makes the name one of a secret; run together with others it ends them (``authtoken``)
SECRET_WORD = re.compile(
    r".*(passwor[dt]|passwd|passphrase|passcode|credential|authori[sz]ation|secret|token|cookie|bearer)s?"
    r"|.*(api|access|private|secret|signing|encryption)keys?|pwd|pw|pass|auth|jwt|otp|totp|\w*sess(ion)?(id|s)?"
)
KEY_OF = frozenset(
    (
        "access", "account", "api", "auth", "client", "deploy", "encryption", "license", "master",
        "private", "secret", "service", "session", "shared", "signing", "ssh", "storage",
    )
)  # fmt: skip
# With one of these at its end the name is of something about the secret
ABOUT = frozenset(
    (
        "age", "allowed", "at", "budget", "cap", "changed", "class", "count", "counts", "day", "days",
        "domain", "endpoint", "enabled", "expires", "expiry", "field", "format", "header", "hour",
        "hours", "kind", "label", "length", "lifetime", "limit", "limits", "max", "method", "min",
        "minute", "minutes", "missing", "mode", "name", "names", "path", "policy", "price", "required",
        "reset", "second", "seconds", "set", "size", "state", "status", "timeout", "title", "ttl",
        "type", "uri", "url", "usage", "used", "validators",
    )
)  # fmt: skip
COUNTED = frozenset(
    (
        "average", "cached", "completion", "in", "input", "max", "maximum", "min", "minimum", "num",
        "number", "of", "out", "output", "per", "prompt", "reasoning", "total", "used",
    )
)  # fmt: skip
PLURALS = frozenset(("tokens", "secrets", "cookies", "passwords", "credentials", "sessions", "keys"))
IN_ADDRESSES = frozenset(("key", "sig", "signature", "code"))  # where they are names of a query
NAMED_BY = ("name", "key", "header")  # beside ``value``: one name and its value as an object

REFERENCE = re.compile(r"(env|secret):[\w.-]+")  # says where a secret is, and is none
LOGIN = re.compile(r"(?<=://)[^\s/?#@]{1,500}(?:@[^\s/?#@]{1,500}){0,5}(?=@)")
HEADER = re.compile(r"\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(\s*:\s*)([^\r\n\"']+)", re.I)
SCHEME = re.compile(r"\b(Bearer|Basic|Token)(\s+)(?=[^\s\d]{0,200}\d)[\w.~+/=-]{8,}", re.I)
SAID = re.compile(r"(?<![\w.-])([\w.-]{1,80})=([^\s&;,\"'<>]+)")
QUOTED = re.compile(r"([\"'])([\w .-]{1,80})\1(\s*[:=]\s*)([\"'])((?:(?!\4)[^\\]|\\.){1,4000})\4", re.S)
FLAG = re.compile(r"--?([A-Za-z][\w.-]*)")


def is_secret_name(name: object) -> bool:
    """Whether a value of this name is a secret."""
    words = _words(name)
    while len(words) > 1 and words[-1] == "value":
        words.pop()
    if not words or words[-1] in ABOUT:
        return False
    if words[-1] in PLURALS and any(word in COUNTED for word in words[:-1]):
        return False
    of_keys = (word in KEY_OF and after in {"key", "keys"} for word, after in pairwise(words))
    return any(map(SECRET_WORD.fullmatch, words)) or any(of_keys)


def without_named(value: Any) -> Any:
    """A JSON value in which everything that is named like a secret is masked, and references stay."""
    if isinstance(value, str):
        return in_text(value)
    if isinstance(value, dict):
        return {_key(key): _item(value, key) for key in value}
    if isinstance(value, list | tuple):
        pairs = pairwise([None, *value])
        return [_hidden(item) if _is_flag(before) else without_named(item) for before, item in pairs]
    return value


def in_text(text: str) -> str:
    """A text without the logins of addresses, and without values that are named like secrets in it."""
    text = LOGIN.sub(MASK, text)
    text = HEADER.sub(rf"\1\2{MASK}", text)
    text = SCHEME.sub(rf"\1\2{MASK}", text)
    text = SAID.sub(_without_said, text)
    return QUOTED.sub(_without_quoted, text)


def _words(name: object) -> list[str]:
    return [word.lower() for word in WORD.findall(str(name))]


def _key(key: Any) -> Any:
    return in_text(key) if isinstance(key, str) else key


def _item(whole: dict[Any, Any], key: Any) -> Any:
    value = whole[key]
    names = [key, *(whole.get(by) for by in NAMED_BY if key == "value")]
    for name in names:
        if isinstance(name, str) and is_secret_name(name):
            is_count = _words(name)[-1] in PLURALS and isinstance(value, int | float)
            return value if is_count else _hidden(value)
    return without_named(value)


def _hidden(value: Any) -> Any:
    """Every text and number in it masked: all of it belongs to a secret's name."""
    if isinstance(value, dict):
        return {_key(key): _hidden(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(item) for item in value]
    if value is None or isinstance(value, bool) or value == "":
        return value
    return value if isinstance(value, str) and REFERENCE.fullmatch(value) else MASK


def _is_flag(item: Any) -> bool:
    """Whether it is an argument such as ``--api-key``, after which its value comes."""
    found = FLAG.fullmatch(item) if isinstance(item, str) else None
    return found is not None and is_secret_name(found[1])


def _without_said(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    is_secret = is_secret_name(name) or (name.lower() in IN_ADDRESSES and _is_in_address(found))
    return f"{name}={MASK}" if is_secret and not REFERENCE.fullmatch(value) else found[0]


def _is_in_address(found: re.Match[str]) -> bool:
    return found.start() > 0 and found.string[found.start() - 1] in "?&"


def _without_quoted(found: re.Match[str]) -> str:
    quote, name, between, other, value = found.groups()
    if not is_secret_name(name) or REFERENCE.fullmatch(value):
        return found[0]
    return f"{quote}{name}{quote}{between}{other}{MASK}{other}"
