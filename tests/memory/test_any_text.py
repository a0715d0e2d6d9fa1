"""Round trips of any text through every verb: what was written is read again, or refused with no change."""

import shutil
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from memory import documents, editing, sections
from memory.blame import blame
from memory.exceptions import MemoryRefused
from memory.history import history, revision_of
from memory.line_ends import plain
from memory.models import Revision, digest
from memory.permissions import Caller
from memory.places import Place
from tests.conftest import BEGINNING
from tests.memory.conftest import put

pytestmark = pytest.mark.django_db

# Line ends of every kind and what is taken for some, NUL, a byte order mark, right to left, half of a pair
ODD = "\r\n\u2028\u2029\x85\x0b\x0c\0\ufeff\u202e\u05d0\u0627\u0301价👩\u200d🔬 #`~-<!>|\t"
TEXT = st.text(st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=["Cs"])), max_size=60)
WRITTEN = TEXT.map(lambda text: text.replace("\0", ""))  # nobody may write a NUL here; other programs may
BROKEN = st.builds("".join, st.tuples(TEXT, st.characters(categories=["Cs"]), TEXT))
same_fixtures = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@same_fixtures
@given(WRITTEN, WRITTEN)
@example("a\r\n", "b\r")
def test_what_is_replaced_and_appended_is_read_again(
    app: Caller, place: Place, first: str, second: str
) -> None:
    documents.replace(app, place, first, now=BEGINNING)
    assert documents.read(app, place, now=BEGINNING) == first
    with suppress(MemoryRefused):  # nothing but blanks
        documents.append(app, place, second, now=BEGINNING)
        text = documents.read(app, place, now=BEGINNING)
        assert text
        assert text.startswith(first)
        assert text.endswith(f"by app:kettle -->\n{second.rstrip()}\n")


@same_fixtures
@given(WRITTEN)
def test_a_section_with_any_body_is_read_again(app: Caller, place: Place, body: str) -> None:
    quiet = "\n".join(f"  > {line}" for line in body.split("\n"))  # no heading and no fence
    documents.replace(app, place, f"# now\n## Mark\n{quiet}\n## Next\n", now=BEGINNING)
    text = documents.read(app, place, now=BEGINNING)
    assert text
    assert sections.read(text, "section", "mark") == f"## Mark\n{quiet}"


@same_fixtures
@given(BROKEN)
def test_half_a_character_is_refused_by_everyone(app: Caller, place: Place, text: str) -> None:
    put(place, "old")
    for attempt in (
        lambda: documents.replace(app, place, text, now=BEGINNING),
        lambda: documents.append(app, place, text, now=BEGINNING),
        lambda: editing.save(place, "", text, base=digest(b"old"), by="mara", now=BEGINNING),
        lambda: editing.create(place, "new.md", text, by="mara", now=BEGINNING),
    ):
        with pytest.raises(MemoryRefused):
            attempt()
    assert documents.on_disk(place, "") == b"old"
    assert documents.on_disk(place, "new.md") is None


@same_fixtures
@given(WRITTEN, WRITTEN)
def test_an_editor_gets_back_what_it_sent_and_restoring_every_byte(
    place: Place, before: str, after: str
) -> None:
    put(place, before)
    base = digest(before.encode())
    editing.save(place, "", plain(before), base=base, by="mara", now=BEGINNING)
    assert documents.on_disk(place, "") == before.encode()
    base = digest(documents.on_disk(place, ""))
    editing.save(place, "", after, base=base, by="mara", now=BEGINNING)
    assert plain((documents.on_disk(place, "") or b"").decode()) == plain(after)
    first = history(place, "", size=1000).revisions[-1]
    first = Revision.objects.get(pk=first.pk)
    base = digest(documents.on_disk(place, ""))
    editing.restore(place, "", first, base=base, by="mara", now=BEGINNING)
    assert documents.on_disk(place, "") == first.data()


NAMES = st.sampled_from(["", "a.md", "b.md", "c/d.md"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("save"), NAMES, TEXT),
        st.tuples(st.just("outside"), NAMES, TEXT),
        st.tuples(st.just("vanish"), NAMES, st.just("")),
        st.tuples(st.just("remove"), NAMES, st.just("")),
        st.tuples(st.just("rename"), NAMES, NAMES),
        st.tuples(st.just("append"), st.just(""), TEXT),
    ),
    max_size=12,
)


def act(app: Caller, place: Place, step: tuple[str, str, str]) -> None:
    what, name, text = step
    base = digest(documents.on_disk(place, name))
    if what == "save":
        editing.save(place, name, text, base=base, by="mara", now=BEGINNING)
    elif what == "outside":
        put(place, text, name)
    elif what == "vanish":
        (place.base / place.below(name)).unlink(missing_ok=True)
    elif what == "remove":
        editing.remove(place, name, base=base, by="mara", now=BEGINNING)
    elif what == "rename":
        editing.rename(place, name, text, by="mara", now=BEGINNING)
    else:
        documents.append(app, place, text, now=BEGINNING)


def texts(place: Place) -> dict[str, bytes]:
    names = ["", "a.md", "b.md", "c/d.md"]
    return {name: data for name in names if (data := documents.on_disk(place, name)) is not None}


@same_fixtures
@given(STEPS)
@example([("save", "b.md", "x"), ("remove", "b.md", ""), ("save", "a.md", "y"), ("rename", "a.md", "b.md")])
@example(
    [
        ("outside", "a.md", "x\r"),
        ("rename", "a.md", "b.md"),
        ("rename", "b.md", "a.md"),
        ("save", "a.md", "y"),
    ]
)
def test_whatever_happens_each_state_that_we_met_is_a_revision(
    app: Caller, place: Place, steps: list[tuple[str, str, str]]
) -> None:
    Revision.objects.all().delete()  # of the example before
    shutil.rmtree(place.base / place.folder, ignore_errors=True)
    (place.base / place.file).unlink(missing_ok=True)
    for step in steps:
        before = texts(place)
        try:
            act(app, place, step)
        except MemoryRefused:
            assert texts(place) == before
    for name in ("", "a.md", "b.md", "c/d.md"):
        with suppress(MemoryRefused):
            documents.read(app, place, name, now=BEGINNING)
        rows = list(Revision.objects.for_document(place.key, place.path(name)).order_by("id"))
        assert all(a.sha256 == b.parent_sha256 for a, b in pairwise(rows) if not b.is_arrival)
        assert (rows[-1].sha256 if rows else "") == digest(documents.on_disk(place, name))
        assert all(digest(None if row.is_removal else row.data()) == row.sha256 for row in rows)
        assert all(line.revision for line in blame(place, name, seconds=60).lines)
        for row in history(place, name, size=1000).revisions:
            assert revision_of(place, name, row.pk) == row
