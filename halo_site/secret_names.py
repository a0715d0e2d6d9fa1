"""What is named like a secret is masked, wherever the name stands: in objects, lists, arguments, addresses.

Names are read as words, so that ``accessToken``, ``access-token`` and ``ACCESS_TOKEN`` are one name, and
``max_tokens``, ``token_count``, ``monkey`` and ``cookie_policy`` are none of a secret. Where a name can be
one, its value is masked. What people call their things is prose, and nobody guesses in it: "Cookie: recipes"
may be the name of a space.
"""

import json
import re
import unicodedata
from itertools import pairwise
from typing import Any

from halo_site.masking import MASK

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\dA-Za-z_]+")


def _folded(text: str) -> str:
    """Without accents, and with the same letters however they are encoded."""
    return "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))


# A word that makes the name one of a secret; run together with others it ends them (``authtoken``)
SECRET_WORD = re.compile(
    r".*(passwor[dt]|passwd|passphrase|passcode|credential|authori[sz]ation|secret|token|cookie|bearer)s?"
    r"|.*(api|app|access|priv|private|secret|ssh|signing|encryption)keys?|pwd|pw|auth|jwt|otp|totp"
    r"|((smtp|mail|db|sql|mysql|pg|redis|ftp|my|user|root|admin|login)?pass)|creds?|mnemonic"
    r"|(\w*sess(ion)?|s)id|conn(ection)?str(ing)?|(mot|de)*passe|kennwort|wachtwoord"
    + _folded(r"|contraseñas?|senhas?|парол[ьия]|.*(密码|密碼|密钥|密鑰|パスワード|비밀번호)")
)
LAST = frozenset(("cvc", "cvv", "dsn", "pat", "pin", "pins"))  # words that do so at the end of a name
# Two words that do so beside each other
CODE_OF = frozenset(
    (
        "access", "auth", "authorization", "backup", "device", "invite", "login", "mfa", "pairing",
        "recovery", "reset", "security", "sms", "unlock", "verification",
    )
)  # fmt: skip
URL_OF = frozenset(
    ("amqp", "broker", "database", "db", "hook", "mongo", "mongodb", "mysql", "postgres", "postgresql",
     "redis", "sentry", "webhook")
)  # fmt: skip
PAIRS = frozenset(
    (
        *((word, code) for word in CODE_OF for code in ("code", "codes")),
        *((word, url) for word in URL_OF for url in ("url", "urls", "uri")),
        *((word, "phrase") for word in ("backup", "mnemonic", "recovery", "secret", "seed")),
        ("connection", "string"), ("conn", "string"), ("conn", "str"), ("sess", "id"), ("session", "id"),
        ("session", "ids"),
    )
)  # fmt: skip
NO_PAIRS = frozenset((("fortune", "cookie"), ("fortune", "cookies"), ("secret", "santa")))
# What is before ``key`` where it opens nothing; every other key is taken for one of a secret
PLAIN_KEY = frozenset(
    (
        "arrow", "cache", "candidate", "config", "dedup", "dict", "event", "foreign", "group", "hot",
        "idempotency", "index", "json", "known", "lookup", "map", "max", "min", "missing", "natural", "num",
        "number", "object", "of", "order", "partition", "primary", "pub", "public", "removed", "required",
        "routing", "row", "schema", "setting", "sort", "translation", "unique", "unknown",
    )
)  # fmt: skip
KEY_OF = frozenset(
    (
        "access", "account", "api", "auth", "client", "deploy", "encryption", "license", "master",
        "private", "secret", "service", "session", "shared", "signing", "ssh", "storage",
    )
)  # fmt: skip
# With one of these at its end the name is of something about the secret
ABOUT = frozenset(
    (
        "age", "allowed", "at", "budget", "cap", "changed", "class", "cost", "costs", "count", "counts",
        "day", "days", "domain", "endpoint", "enabled", "expires", "expiry", "field", "format", "hint",
        "hints", "hour", "hours", "kind", "label", "left", "length", "lifetime", "limit", "limits", "max",
        "method", "min", "minute", "minutes", "missing", "mode", "name", "names", "note", "notes", "path",
        "policy", "price", "rate", "rates", "recipe", "recipes", "remaining", "required", "reset",
        "second", "seconds", "set", "size", "state", "status", "timeout", "title", "ttl", "type", "uri",
        "url", "usage", "used", "validators",
    )
)  # fmt: skip
# Beside ``tokens`` these say that tokens of models are counted; some do so beside ``token``
COUNTED = frozenset(
    (
        "average", "cached", "completion", "context", "in", "input", "max", "maximum", "min", "minimum",
        "num", "number", "of", "out", "output", "per", "prompt", "reasoning", "total", "used",
    )
)  # fmt: skip
COUNTED_ONE = frozenset(("max", "maximum", "min", "minimum", "num", "number", "per"))
PLURALS = frozenset(("tokens", "secrets", "cookies", "passwords", "credentials", "keys"))
IN_ADDRESSES = frozenset(("key", "sig", "signature", "code"))  # where they are names of a query
NAMED_BY = ("name", "key", "header")  # beside ``value``: one name and its value as an object
# Under a name that ends so a text is no prose but what a program is given
OF_PROGRAMS = frozenset(
    ("args", "arguments", "command", "env", "environment", "header", "headers", "options")
)

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
    pairs = set(pairwise(words))
    if not words or pairs & NO_PAIRS or _is_count_of_tokens(words):
        return False
    if pairs & PAIRS:
        return True
    if words[-1] in ABOUT:
        return False
    is_last = words[-1] in LAST or (words[-1] == "webhook" and len(words) > 1)
    return is_last or any(map(SECRET_WORD.fullmatch, words)) or _is_of_key(words)


def without_named(value: Any) -> Any:
    """A JSON value in which everything that is named like a secret is masked, and references stay."""
    if isinstance(value, str):
        return _in_value(value)
    if isinstance(value, dict):
        return {_key(key): _item(value, key) for key in value}
    if isinstance(value, list | tuple):
        return [
            _hidden(item) if _is_flag(before) else _argument(item)
            for before, item in pairwise([None, *value])
        ]
    return value


def in_text(text: str) -> str:
    """What a program is given, without logins and values that are named like secrets. Not for prose."""
    text = HEADER.sub(rf"\1\2{MASK}", in_addresses(text))
    text = SCHEME.sub(rf"\1\2{MASK}", text)
    text = SAID.sub(_without_said, text)
    return QUOTED.sub(_without_quoted, text)


def in_addresses(text: str) -> str:
    """A text without the logins of addresses, which their syntax tells for certain."""
    return LOGIN.sub(MASK, text)


def _in_value(text: str) -> str:
    """A text that may be prose: only what JSON, addresses and flags name like a secret is masked in it."""
    text = in_addresses(_in_json(text))
    text = SAID.sub(_without_marked, text)
    return QUOTED.sub(_without_quoted, text)


def _in_json(text: str) -> str:
    """A text that is JSON, masked as its objects and lists are; any other text as it is."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        value = json.loads(text)
        masked = without_named(value)
        separators = None if '": ' in text else (",", ":")
        return text if masked == value else json.dumps(masked, ensure_ascii=False, separators=separators)
    except (ValueError, RecursionError):
        return text


def _argument(item: Any) -> Any:
    return in_text(_in_json(item)) if isinstance(item, str) else without_named(item)


def _is_of_key(words: list[str]) -> bool:
    is_key = len(words) > 1 and words[-1] in {"key", "keys"} and words[-2] not in PLAIN_KEY
    return is_key or any(word in KEY_OF and after in {"key", "keys"} for word, after in pairwise(words))


def _is_count_of_tokens(words: list[str]) -> bool:
    if words[-1] == "tokens":
        return not COUNTED.isdisjoint(words)
    return words[-1] == "token" and not COUNTED_ONE.isdisjoint(words)


def _words(name: object) -> list[str]:
    return [word.lower() for word in WORD.findall(_folded(str(name)))]


def _key(key: Any) -> Any:
    return in_addresses(key) if isinstance(key, str) else key


def _item(whole: dict[Any, Any], key: Any) -> Any:
    value = whole[key]
    names = [key, *(whole.get(by) for by in NAMED_BY if key == "value")]
    for name in names:
        if isinstance(name, str) and is_secret_name(name):
            is_count = _words(name)[-1] in PLURALS and isinstance(value, int | float)
            return value if is_count else _hidden(value)
    is_of_program = (_words(key)[-1:] or [""])[0] in OF_PROGRAMS
    return _argument(value) if is_of_program else without_named(value)


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


def _without_marked(found: re.Match[str]) -> str:
    """As `_without_said` does, where the name is one of an address or a flag: ``Token=Economy`` is prose."""
    is_marked = found[1].startswith("-") or _is_in_address(found)
    return _without_said(found) if is_marked else found[0]


def _is_in_address(found: re.Match[str]) -> bool:
    return found.start() > 0 and found.string[found.start() - 1] in "?&"


def _without_quoted(found: re.Match[str]) -> str:
    quote, name, between, other, value = found.groups()
    if not is_secret_name(name) or REFERENCE.fullmatch(value):
        return found[0]
    return f"{quote}{name}{quote}{between}{other}{MASK}{other}"
