"""Text that came from outside (a model, an exception), made fit for every database and every page."""

from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
LONGEST_SENTENCE = 4000  # characters of an error message that are kept
LONGEST_NAME = 200  # characters of a foreign name (of a model, of a tool) that are kept


def storable(value: Any) -> Any:
    """A JSON value without NUL and lone surrogates, which PostgreSQL refuses and no page can encode."""
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, dict):
        return {_plain(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def sentence(text: str) -> str:
    """An error message fit to be stored, cut where it is endless."""
    plain = _plain(text.strip())
    return plain if len(plain) <= LONGEST_SENTENCE else f"{plain[:LONGEST_SENTENCE]} …"


def name(text: str) -> str:
    """A name that somebody else made, fit to be stored, cut where it is endless."""
    return _plain(text)[:LONGEST_NAME]


def _plain(text: str) -> str:
    return text.replace("\0", REPLACEMENT).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
