"""What the search page shows, as plain values. Nothing here writes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

from memory.access import raise_if_closed, readable_places
from memory.index import IndexedDocument
from memory.places import Place, Scope
from memory.search import MOST_COUNTED, MOST_SHOWN, PAGE, Found, count_waiting, cut_files, search
from memory.words import QUERY_CHARACTERS, QUERY_WORDS

KEPT_CHARACTERS = 1_000  # of a query that go back into the field and into addresses
UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A search and what it found. ``found`` is None where nothing was typed."""

    query: str
    scope: str
    place_key: str
    places: Mapping[str, Place]
    found: Found | None
    waiting: int
    cut: list[IndexedDocument]
    limit: int
    scopes: tuple[str, ...] = tuple(Scope)
    most_words: int = QUERY_WORDS
    most_characters: int = QUERY_CHARACTERS
    waiting_cap: int = MOST_COUNTED

    @property
    def place(self) -> Place | None:
        return self.places.get(self.place_key)

    @property
    def is_narrowed(self) -> bool:
        return bool(self.scope or self.place_key)

    @property
    def more_address(self) -> str:
        """Where more files are shown; empty where there are none, or enough."""
        if self.found is None or not self.found.has_more or self.limit >= MOST_SHOWN:
            return ""
        return self._address(scope=self.scope, place=self.place_key, show=str(self.limit + PAGE))

    @property
    def wide_address(self) -> str:
        """The same search in all memory."""
        return self._address()

    @property
    def has_too_many(self) -> bool:
        return self.found is not None and self.found.has_more and self.limit >= MOST_SHOWN

    def _address(self, **more: str) -> str:
        chosen = {key: value for key, value in {"q": self.query, **more}.items() if value}
        return f"?{urlencode(chosen)}"


def search_page(request: HttpRequest) -> SearchPage:
    """Do what the address asks for, as far as it makes sense: an unknown scope or place is none.

    Raises `NotShown` for a place that is known and closed.
    """
    query = _typed(request.GET.get("q", ""))
    places = readable_places(request.user)
    scope = request.GET.get("scope", "")
    scope = scope if scope in list(Scope) else ""
    key = request.GET.get("place", "")
    if key not in places:
        raise_if_closed(request, key)
    key = key if key in places else ""
    scope = "" if key else scope  # a place says more than its scope
    chosen = {
        each: place
        for each, place in places.items()
        if (not scope or place.scope == scope) and (not key or each == key)
    }
    limit = _limit(request.GET.get("show", ""))
    return SearchPage(
        query=query,
        scope=scope,
        place_key=key,
        places=places,
        found=search(query, chosen, limit) if query else None,
        waiting=count_waiting(chosen),
        cut=cut_files(chosen),
        limit=limit,
    )


def _typed(query: str) -> str:
    """What was typed, as far as a page can hold it: without control characters and halves of characters."""
    return UNPRINTABLE.sub(" ", query[:KEPT_CHARACTERS]).strip()


def _limit(show: str) -> int:
    """How many files are shown: whole pages, within bounds."""
    asked = int(show) if show.isascii() and show.isdigit() and len(show) < 6 else PAGE
    return min(max(-(-asked // PAGE) * PAGE, PAGE), MOST_SHOWN)
