"""Wiki links between memory files: where they lead, which files lead here, which files nothing leads to.

A name means a file of the same place first; an app's file may also name one of its space, and every file
one of the user's. Within a place the whole name comes first (``run/2026-11``), then a file in any folder with
that last part. Case, accents and ``.md`` make no difference unless two files differ in nothing else. Only
places that the reader may see are looked at: to others a link is one to a file that is not there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from halo_site.datadir.files import PathRefused
from halo_site.wiki import Resolver, Target
from memory import names, sections
from memory.index import IndexedDocument, Link, bare, short_name, title_of
from memory.places import SUFFIX, Place, Scope
from memory.words import fold

MOST_NAMESAKES = 2_000  # files with the short names that are asked for
MOST_BACKLINKS = 100
MOST_HEADINGS = 20  # files that are read for the headings that links of one page name
MOST_LISTED = 1_000  # files of a place, in the list of those that nothing leads to
BY_PROGRAM = ("run/", "archive/")  # folders of files that runs write by themselves

ByShortName = Mapping[str, Sequence[IndexedDocument]]


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """A file in a list of links: its place, its name there (empty: the main file) and its path."""

    place: Place
    name: str
    title: str


def resolver(place: Place, readable: Callable[[], Mapping[str, Place]]) -> Resolver:
    """Return what finds the wiki links of a file in ``place`` for a reader who may see ``readable()``.

    One query for all of them, and one more where some name a heading: these lead to its line. A name that
    neither is there nor can be made stays text.
    """

    def resolve(written: Sequence[str]) -> dict[str, Target]:
        places = readable()
        found = _namesakes({short_name(bare(name)) for name in written}, _near(place, places))
        led_to = {name: _resolved(bare(name), place, places, found) for name in written if bare(name)}
        makeable = {name for name, row in led_to.items() if row or _can_be_made(place, bare(name))}
        lines = _lines({name: row for name, row in led_to.items() if row and "#" in name})
        return {
            name: Target(address(places[row.place], row.name) + lines.get(name, ""), is_there=True)
            if row
            else Target(create_address(place, bare(name)), is_there=False)
            for name, row in led_to.items()
            if name in makeable
        }

    return resolve


def _lines(named: Mapping[str, IndexedDocument]) -> dict[str, str]:
    """``#L12`` for each link to a heading that its file has, of the first few files."""
    numbers = list(dict.fromkeys(row.pk for row in named.values()))[:MOST_HEADINGS]
    rows = IndexedDocument.objects.without_words().select_related("revision").in_bulk(numbers)
    outlines = {pk: sections.outline(row.revision.text()) for pk, row in rows.items()}
    found: dict[str, str] = {}
    for name, row in named.items():
        wanted = fold(name.partition("#")[2].strip())
        lines = (heading.line for heading in outlines.get(row.pk, ()) if fold(heading.text) == wanted)
        if line := next(lines, None):
            found[name] = f"#L{line}"
    return found


def backlinks(place: Place, path: str, places: Mapping[str, Place]) -> list[LinkedFile]:
    """Return the files in ``places`` with a link that leads to this document, each once. Two queries."""
    short = short_name(path)
    links = Link.objects.filter(short_name=short, document__place__in=list(places))
    found = _namesakes({short}, list(places))
    sources: dict[int, IndexedDocument] = {}
    for link in (
        links.select_related("document").defer("document__words").order_by("-document_id")[:MOST_NAMESAKES]
    ):
        source = link.document
        led_to = _resolved(link.target, places[source.place], places, found)
        if led_to and (led_to.place, led_to.path) == (place.key, path) and source.path != path:
            sources[source.pk] = source
    return [_linked(source, places) for source in list(sources.values())[:MOST_BACKLINKS]]


def orphans(place: Place, places: Mapping[str, Place]) -> list[LinkedFile]:
    """Return the files of ``place`` that no link in ``places`` leads to, by name; three queries.

    The main file, run records and archives are left out: a program writes them and nobody links to them.
    """
    rows = IndexedDocument.objects.filter(place=place.key).without_words().order_by("path")[:MOST_LISTED]
    listed = [row for row in rows if row.name and not row.name.startswith(BY_PROGRAM)]
    shorts = {row.short_name for row in listed}
    links = Link.objects.filter(short_name__in=shorts, document__place__in=list(places))
    found = _namesakes(shorts, list(places))
    reached = set()
    for source_key, source_path, target in links.values_list("document__place", "document__path", "target"):
        led_to = _resolved(target, places[source_key], places, found)
        if led_to and (source_key, source_path) != (led_to.place, led_to.path):
            reached.add(led_to.pk)
    return [_linked(row, places) for row in listed if row.pk not in reached]


def address(place: Place, name: str) -> str:
    """The page of a document."""
    return reverse("memory:document_detail", args=[place.key, name] if name else [place.key])


def create_address(place: Place, name: str) -> str:
    """The page that makes a file of that name in ``place``."""
    return f"{reverse('memory:document_new', args=[place.key])}?{urlencode({'name': _file(name)})}"


def _file(name: str) -> str:
    return name if name.endswith(SUFFIX) else f"{name}{SUFFIX}"


def _can_be_made(place: Place, name: str) -> bool:
    """Whether a person can make a file of that name, as far as the name tells."""
    try:
        names.require_plain(place, names.proposed(name))
    except PathRefused:
        return False
    return not names.is_record(place, _file(name))


def _near(place: Place, places: Mapping[str, Place]) -> list[str]:
    """The keys of the places that links of ``place`` may lead to, in order."""
    space = f"{Scope.SPACE}:{place.space_id}" if place.scope == Scope.APP else place.key
    return [key for key in dict.fromkeys((place.key, space, str(Scope.USER))) if key in places]


def _namesakes(shorts: Iterable[str], keys: Sequence[str]) -> ByShortName:
    rows = IndexedDocument.objects.filter(short_name__in=list(shorts)).in_places(keys).without_words()
    found = defaultdict(list)
    for row in rows.order_by("path")[:MOST_NAMESAKES]:
        found[row.short_name].append(row)
    return found


def _resolved(
    name: str, place: Place, places: Mapping[str, Place], found: ByShortName
) -> IndexedDocument | None:
    """The file that ``name`` means in a file of ``place``; None when there is none."""
    near = _near(place, places)
    wanted = name.removesuffix(SUFFIX).strip("/")
    ranked = [
        (near.index(row.place), *_distance(wanted, title_of(row.path)), row.path, row)
        for row in found.get(short_name(name), ())
        if row.place in near and f"/{fold(title_of(row.path))}".endswith(f"/{fold(wanted)}")
    ]
    return min(ranked, key=lambda item: item[:-1])[-1] if ranked else None


def _distance(wanted: str, title: str) -> tuple[bool, bool, bool, int]:
    """What makes a file less likely to be meant, the weightiest first."""
    return (
        title != wanted,
        fold(title) != fold(wanted),
        title.rpartition("/")[2] != wanted.rpartition("/")[2],
        len(title),
    )


def _linked(row: IndexedDocument, places: Mapping[str, Place]) -> LinkedFile:
    return LinkedFile(places[row.place], row.name, row.path)
