"""Runs, as far as memory asks about them: who uses it now, and which that wrote in it are still to be seen.

Runs are not known here: whoever runs apps registers the questions.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from memory.models import Revision
from memory.permissions import Caller, allowed
from memory.places import Place


@dataclass(frozen=True, slots=True)
class User:
    """A run that is going on: its id, the name of its app, and who it is when it asks for memory."""

    run_id: str
    name: str
    caller: Caller

    @property
    def short_id(self) -> str:
        return self.run_id[:8]

    def reads(self, place: Place) -> bool:
        """Whether this run may read ``place``, and so may have it in mind."""
        return allowed(self.caller, place, "read")


Question = Callable[[], Iterable[User]]


def nobody() -> Iterable[User]:
    """The answer until somebody registers who knows."""
    return ()


_question: Question = nobody


def register_users(question: Question) -> Question:
    """Make ``question`` the one that knows the runs that are going on; return the one before it."""
    global _question
    before, _question = _question, question
    return before


def users_now() -> list[User]:
    """The runs that are going on, whatever memory they use."""
    return list(_question())


def users_of(place: Place, users: Iterable[User]) -> list[User]:
    """Those of ``users`` that may read ``place``: its own app first."""
    reading = [user for user in users if user.reads(place)]
    return sorted(reading, key=lambda user: user.caller.app_id != place.owner_id)


Lookup = Callable[[set[str]], set[str]]


def none_kept(run_ids: set[str]) -> set[str]:
    """The answer until somebody registers who knows."""
    return set()


_lookup: Lookup = none_kept


def register_kept_runs(lookup: Lookup) -> Lookup:
    """Make ``lookup`` the one that tells which runs have a page; return the one before it."""
    global _lookup
    before, _lookup = _lookup, lookup
    return before


def kept_runs(revisions: Iterable[Revision | None]) -> set[str]:
    """The ids of the runs that made ``revisions`` and have a page still: retention removes them in time.

    One query at most, however many there are.
    """
    run_ids = {revision.run_id for revision in revisions if revision and revision.run_id}
    return _lookup(run_ids) if run_ids else set()
