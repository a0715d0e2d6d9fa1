"""Where the paging of lists stood before lists of the platform itself needed it: now `halo_site.paging`."""

from halo_site.paging import (
    Found,
    Page,
    begun_at,
    page_of,
    parse_before,
    place_of,
    searched,
    searched_page_of,
)

__all__ = [
    "Found",
    "Page",
    "begun_at",
    "page_of",
    "parse_before",
    "place_of",
    "searched",
    "searched_page_of",
]
