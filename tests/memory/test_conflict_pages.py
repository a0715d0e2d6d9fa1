"""The file moved on: both texts are on the page, a proposal is made, and nothing that was typed is lost."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from memory.conflict_page import is_undecided, marked, marks_of, sent_marks
from memory.merging import merge
from memory.models import Revision, digest
from memory.places import Place
from tests.memory.conftest import put
from tests.memory.test_editor_pages import save, url

pytestmark = pytest.mark.django_db
MINE, BETWEEN, THEIRS = marks_of(7)
BASE = "# now\n\nfirst\n\nsecond\n"
MY_TEXT = BASE.replace("first", "first of mine")
CLASH = BASE.replace("first", "first of theirs")
SIDES = {"mine": MY_TEXT, "theirs": CLASH}
ELSEWHERE = BASE.replace("second", "second of theirs")


@pytest.fixture
def client(operator_client: Client, place: Place) -> Client:
    """Signed in, with `BASE` saved as the main file."""
    save(operator_client, place, BASE, base="")
    return operator_client


def conflict(client: Client, place: Place, theirs: str, mine: str = MY_TEXT) -> Any:
    """What answers the save of ``mine`` after the file became ``theirs``."""
    put(place, theirs)
    return save(client, place, mine, base=digest(BASE.encode()))


def test_a_stale_save_overwrites_nothing(client: Client, place: Place) -> None:
    assert conflict(client, place, CLASH).status_code == 409
    assert (place.base / place.file).read_text() == CLASH


def test_both_texts_are_on_the_page(client: Client, place: Place) -> None:
    page = conflict(client, place, CLASH).context["page"]
    assert (page.mine, page.theirs) == (MY_TEXT, CLASH)


def test_what_does_not_clash_is_put_together(client: Client, place: Place) -> None:
    page = conflict(client, place, ELSEWHERE).context["page"]
    assert page.proposal == MY_TEXT.replace("second", "second of theirs")
    assert page.clashes == 0


def test_a_clash_is_marked_with_both_sides(client: Client, place: Place) -> None:
    page = conflict(client, place, CLASH).context["page"]
    assert f"{MINE}\nfirst of mine\n{BETWEEN}\nfirst of theirs\n{THEIRS}\n" in page.proposal


def test_the_merge_is_saved_on_what_is_there_now(client: Client, place: Place) -> None:
    page = conflict(client, place, ELSEWHERE).context["page"]
    fields = {"text": page.proposal, "mine": MY_TEXT, "base": page.base}
    assert client.post(url(place, "merge"), fields).status_code == 302
    assert (place.base / place.file).read_text() == page.proposal


def test_a_place_that_is_left_undecided_is_not_saved(client: Client, place: Place) -> None:
    page = conflict(client, place, CLASH).context["page"]
    fields = {"text": page.proposal, "mine": MY_TEXT, "base": page.base}
    response = client.post(url(place, "merge"), fields)
    assert response.status_code == 422
    assert (response.context["page"].proposal, response.context["page"].mine) == (page.proposal, MY_TEXT)
    assert (place.base / place.file).read_text() == CLASH


@pytest.mark.parametrize("mark", [MINE, BETWEEN, THEIRS])
def test_each_mark_that_is_left_keeps_a_merge_from_being_saved(
    client: Client, place: Place, mark: str
) -> None:
    page = conflict(client, place, CLASH).context["page"]
    fields = {"text": f"decided\n{mark}\n", "mine": MY_TEXT, "base": page.base}
    assert client.post(url(place, "merge"), fields).status_code == 422


@pytest.mark.parametrize("mark", [MINE, BETWEEN, THEIRS])
@pytest.mark.parametrize("whose", ["mine", "theirs"])
def test_a_text_about_marks_can_be_merged(client: Client, place: Place, mark: str, whose: str) -> None:
    mine, theirs = (f"{mark}\n{text}" if whose == side else text for side, text in SIDES.items())
    page = conflict(client, place, theirs, mine).context["page"]
    before, between, after = marks_of(8)
    assert f"{before}\n" in page.proposal
    fields = {"text": page.proposal, "mine": page.mine, "base": page.base, "marks": str(page.marks)}
    again = client.post(url(place, "merge"), fields)
    assert (again.status_code, again.context["page"].clashes) == (422, 1)
    decided = "".join(
        line
        for line in page.proposal.splitlines(keepends=True)
        if line.rstrip("\n") not in {before, between, after}
    )
    assert client.post(url(place, "merge"), fields | {"text": decided}).status_code == 302
    assert (place.base / place.file).read_text() == decided


def test_the_marks_of_a_merge_do_not_grow_without_a_bound(client: Client, place: Place) -> None:
    page = conflict(client, place, CLASH, f"{'>' * 5_000}\n{MY_TEXT}").context["page"]
    assert page.marks == 7


@pytest.mark.parametrize("value", ["", "6", "62", "-8", "9" * 5_000, "٨"])
def test_marks_that_no_page_has_are_taken_for_the_smallest(value: str) -> None:
    assert sent_marks(value) == 7


@pytest.mark.parametrize("mark", [MINE, BETWEEN, THEIRS])
def test_a_text_about_marks_can_be_written_in_the_editor(client: Client, place: Place, mark: str) -> None:
    assert save(client, place, f"{BASE}{mark}\n", base=digest(BASE.encode())).status_code == 302


def test_a_second_conflict_shows_the_page_again(client: Client, place: Place) -> None:
    page = conflict(client, place, ELSEWHERE).context["page"]
    put(place, f"{ELSEWHERE}\nthird\n")
    again = client.post(url(place, "merge"), {"text": page.proposal, "mine": MY_TEXT, "base": page.base})
    assert again.status_code == 409
    assert again.context["page"].merged == page.proposal
    assert "third" in again.context["page"].proposal
    assert "first of mine" in again.context["page"].proposal


@pytest.fixture
def twice(client: Client, place: Place) -> Any:
    """The page after a second change met a merge."""
    page = conflict(client, place, ELSEWHERE).context["page"]
    put(place, f"{ELSEWHERE}\nthird\n")
    fields = {"text": page.proposal, "mine": MY_TEXT, "base": page.base}
    return client.post(url(place, "merge"), fields)


def test_the_first_text_stays_what_was_written_through_a_second_conflict(twice: Any) -> None:
    assert twice.context["page"].mine == MY_TEXT
    assert f'name="mine" readonly>\n{MY_TEXT}</textarea>' in twice.content.decode()


def test_the_first_text_is_still_there_when_a_merge_of_a_merge_is_undecided(
    client: Client, place: Place, twice: Any
) -> None:
    page = twice.context["page"]
    fields = {"text": f"{MINE}\n", "mine": page.mine, "merged": page.merged, "base": page.base}
    again = client.post(url(place, "merge"), fields)
    assert again.status_code == 422
    assert (again.context["page"].mine, again.context["page"].merged) == (MY_TEXT, page.merged)


def test_what_was_made_of_both_can_be_downloaded_too(client: Client, place: Place, twice: Any) -> None:
    page = twice.context["page"]
    fields = {"text": "x", "mine": page.mine, "merged": page.merged, "which": "merged"}
    assert client.post(url(place, "text_download"), fields).content.decode() == page.merged


def test_mine_is_kept_as_a_copy(client: Client, place: Place) -> None:
    page = conflict(client, place, CLASH).context["page"]
    fields = {"text": page.proposal, "mine": MY_TEXT, "base": page.base, "name": page.copy_name}
    response = client.post(url(place, "copy"), fields)
    assert response.headers["Location"] == url(place, "edit", "memory-mine.md")
    assert (place.base / place.below("memory-mine.md")).read_text() == MY_TEXT
    assert (place.base / place.file).read_text() == CLASH


def test_a_copy_whose_name_is_taken_loses_nothing(client: Client, place: Place) -> None:
    page = conflict(client, place, CLASH).context["page"]
    put(place, "there", "memory-mine.md")
    fields = {"text": "half decided", "mine": MY_TEXT, "base": page.base, "name": page.copy_name}
    response = client.post(url(place, "copy"), fields)
    assert response.status_code == 422
    assert (response.context["page"].proposal, response.context["page"].mine) == ("half decided", MY_TEXT)
    assert (place.base / place.below("memory-mine.md")).read_text() == "there"


def test_mine_can_be_downloaded(client: Client, place: Place) -> None:
    response = client.post(url(place, "text_download"), {"text": "x", "mine": "价格\n"})
    assert response.content.decode() == "价格\n"
    assert response["Content-Disposition"] == 'attachment; filename="memory.md"'
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_is_gone_can_be_made_again(client: Client, place: Place) -> None:
    path = place.base / place.file
    path.unlink()
    page = save(client, place, MY_TEXT, base=digest(BASE.encode())).context["page"]
    assert (page.is_gone, page.proposal, page.base) == (True, MY_TEXT, "")
    client.post(url(place, "merge"), {"text": page.proposal, "mine": MY_TEXT, "base": page.base})
    assert path.read_text() == MY_TEXT


def test_a_base_that_nobody_recorded_clashes_as_a_whole_and_says_so(client: Client, place: Place) -> None:
    response = save(client, place, "mine\n", base="0" * 64)
    assert response.status_code == 409
    assert "is not recorded" in response.content.decode()
    assert {"mine", "first"} <= set(response.context["page"].proposal.split("\n"))


def test_a_file_that_became_no_text_is_left_alone(client: Client, place: Place) -> None:
    path = put(place, b"caf\xe9")
    response = save(client, place, MY_TEXT, base=digest(BASE.encode()))
    assert response.status_code == 422
    assert "first of mine" in response.content.decode()
    assert path.read_bytes() == b"caf\xe9"


def test_the_page_says_who_changed_it(client: Client, place: Place) -> None:
    shown = conflict(client, place, CLASH).content.decode()
    assert "The last change is by a program outside Halo Site" in shown
    assert Revision.objects.latest("id").author_kind == "outside"


def test_a_clash_at_the_end_without_a_newline_keeps_its_marks_on_lines_of_their_own() -> None:
    text = marked(merge("a", "b", "c"))
    assert text.split("\n") == [MINE, "b", BETWEEN, "c", THEIRS, ""]


def test_a_last_line_without_a_newline_against_a_deletion_is_not_glued_to_a_mark() -> None:
    text = marked(merge("intro\nlast para", "intro\nmine", "intro\n"))
    assert text.split("\n") == ["intro", MINE, "mine", BETWEEN, THEIRS, ""]


TEXTS = st.builds(
    lambda lines, last: "".join(f"{line}\n" for line in lines) + last,
    st.lists(st.sampled_from(["", "a", "b", "- kettle", "价格"]), max_size=8),
    st.sampled_from(["", "a", "z"]),
)


def taken(text: str, side: str) -> str:
    """The text of a proposal after the lines of the other side and the marks were taken out everywhere."""
    kept: list[str] = []
    now = ""
    for line in text.splitlines(keepends=True):
        now = {MINE: "mine", BETWEEN: "theirs", THEIRS: ""}.get(mark := line.removesuffix("\n"), now)
        if mark not in {MINE, BETWEEN, THEIRS} and now in {"", side}:
            kept.append(line)
    return "".join(kept)


@given(TEXTS, TEXTS, TEXTS)
def test_every_mark_of_a_proposal_stands_on_a_line_of_its_own(base: str, mine: str, theirs: str) -> None:
    merged = merge(base, mine, theirs)
    lines = marked(merged).split("\n")
    assert [line for line in lines if "<" in line or "=" in line or ">" in line] == [
        MINE,
        BETWEEN,
        THEIRS,
    ] * len(merged.conflicts)


@given(TEXTS, TEXTS)
def test_taking_one_side_everywhere_gives_the_text_of_that_side(mine: str, theirs: str) -> None:
    proposal = marked(merge("gone from both\n", mine, theirs))  # so all that differs clashes
    has_marks_last = proposal.endswith(f"{THEIRS}\n")
    for side, text in (("mine", mine), ("theirs", theirs)):
        # A last line gets an end where a mark comes after it
        ended = f"{text}\n" if has_marks_last and text and not text.endswith("\n") else text
        assert taken(proposal, side) in {text, ended}


@given(TEXTS, TEXTS, TEXTS)
def test_taking_one_side_everywhere_keeps_what_did_not_clash(base: str, mine: str, theirs: str) -> None:
    merged = merge(base, mine, theirs)
    lines = merged.text.splitlines(keepends=True)
    of_other = {at for clash in merged.conflicts for at in range(clash.middle, clash.end)}
    kept = "".join(line for at, line in enumerate(lines) if at not in of_other)
    assert taken(marked(merged), "mine").rstrip("\n") == kept.rstrip("\n")


@pytest.mark.parametrize("text", [f"{MINE}\r\nx", f"x\n{BETWEEN}", f"{THEIRS}\r\n"])
def test_marks_are_seen_whatever_the_line_ends(text: str) -> None:
    assert is_undecided(text)


@pytest.fixture
def renamed(client: Client, place: Place) -> Any:
    """The page of a save to a name that the file does not have any more."""
    save(client, place, BASE, base="", name="old.md")
    client.post(url(place, "rename", "old.md"), {"name": "new.md"})
    return save(client, place, MY_TEXT, base=digest(BASE.encode()), name="old.md")


def test_a_renamed_file_is_said_to_be_renamed(place: Place, renamed: Any) -> None:
    words = "memory/old.md was renamed to memory/new.md by operator after you opened it."
    assert words in renamed.content.decode()
    assert f'href="{url(place, "document_detail", "new.md")}"' in renamed.content.decode()


def test_a_text_for_a_renamed_file_is_saved_under_its_new_name(
    client: Client, place: Place, renamed: Any
) -> None:
    page = renamed.content.decode()
    base = digest(BASE.encode())
    button = f'formaction="{url(place, "save", "new.md")}" name="base" value="{base}"'
    assert button in page
    # A button's own value comes after that of the field with its name
    fields = {"text": renamed.context["page"].proposal, "mine": MY_TEXT, "base": ["", base]}
    assert client.post(url(place, "save", "new.md"), fields).status_code == 302
    assert (place.base / place.below("new.md")).read_text() == MY_TEXT
    assert not (place.base / place.below("old.md")).exists()


def test_what_was_opened_under_an_earlier_name_is_merged_from_there(
    client: Client, place: Place, renamed: Any
) -> None:
    put(place, ELSEWHERE, "new.md")
    page = save(client, place, MY_TEXT, base=digest(BASE.encode()), name="new.md").context["page"]
    assert (page.base_is_known, page.clashes) == (True, 0)


def test_the_old_name_of_a_file_leads_to_the_new_one(client: Client, place: Place, renamed: Any) -> None:
    page = client.get(url(place, "document_detail", "old.md")).content.decode()
    assert "It was renamed to memory/new.md by operator" in page
    assert f'href="{url(place, "document_detail", "new.md")}"' in page
    assert "Put the last recorded text back" not in page


@pytest.fixture
def name_used_anew(client: Client, place: Place) -> Any:
    """The page of a save to a name that another file has by now."""
    save(client, place, BASE, base="", name="old.md")
    client.post(url(place, "rename", "old.md"), {"name": "new.md"})
    save(client, place, "not related\n", base="", name="old.md")
    return save(client, place, MY_TEXT, base=digest(BASE.encode()), name="old.md")


def test_a_text_is_not_merged_into_another_file_with_the_old_name(place: Place, name_used_anew: Any) -> None:
    page = name_used_anew.context["page"]
    assert page.sentence == (
        "The file that you opened was renamed to memory/new.md by operator, and memory/old.md is another "
        "file now. Nothing was overwritten."
    )
    assert (page.proposal, page.theirs, page.new_name) == (MY_TEXT, None, "new.md")
    words = name_used_anew.content.decode()
    assert f'formaction="{url(place, "save", "new.md")}"' in words
    assert "Save what is put together" not in words
    assert "Make the file again" not in words


def test_a_key_that_saves_does_not_overwrite_another_file_with_the_old_name(
    client: Client, place: Place, name_used_anew: Any
) -> None:
    page = name_used_anew.context["page"]
    fields = {"text": page.proposal, "mine": page.mine, "base": page.base}
    assert client.post(url(place, "merge", "old.md"), fields).status_code == 409
    assert (place.base / place.below("old.md")).read_text() == "not related\n"


def test_a_stale_save_to_the_file_with_the_old_name_is_merged_as_ever(
    client: Client, place: Place, name_used_anew: Any
) -> None:
    save(client, place, "related\n", base=digest(b"not related\n"), name="old.md")
    page = save(client, place, "mine\n", base=digest(b"not related\n"), name="old.md").context["page"]
    assert (page.theirs, page.is_another) == ("related\n", False)


def test_a_removed_file_is_said_to_be_removed(client: Client, place: Place) -> None:
    (place.base / place.file).unlink()
    page = save(client, place, MY_TEXT, base=digest(BASE.encode())).context["page"]
    assert page.sentence == "memory.md was removed after you opened it. Nothing was overwritten."
    assert page.new_path == ""


@pytest.mark.parametrize(
    ("text", "warned"), [(f"a\n{MINE}\nb\n", True), ("a\n>>>>>>>\nb <<<<<<< mine\n", False)]
)
def test_marks_that_are_saved_from_the_editor_are_warned_of(
    client: Client, place: Place, text: str, warned: bool
) -> None:
    answer = client.post(url(place, "save"), {"text": text, "base": digest(BASE.encode())}, follow=True)
    assert ("Marks of a merge stand in the text" in answer.content.decode()) == warned
    assert (place.base / place.file).read_text() == text
