"""What the doctor says, and who looks: each package registers checks of its own."""

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.module_loading import autodiscover_modules

MOST_FINDINGS = 20  # of one check; more of them are a number


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (a problem), or only worth knowing (a notice)."""

    subject: str
    what: str
    advice: str
    is_problem: bool = True


@dataclass(frozen=True)
class Looked:
    """What a check has looked at, in words such as "12 apps"; a part of many says which part."""

    words: str


Result = Finding | Looked


def notice(subject: str, what: str, advice: str) -> Finding:
    return Finding(subject, what, advice, is_problem=False)


def counted(count: int, noun: str, part: str = "") -> Looked:
    """``count`` of a thing whose plural ends in s; ``part`` says which ones where that is not all."""
    words = f"{count:,} {noun}{'' if count == 1 else 's'}"
    return Looked(f"the {part} {words}" if part else words)


def shell(*words: object) -> str:
    """A command as it can be typed: a path with a space in it is quoted."""
    return shlex.join(map(str, words))


@dataclass(frozen=True)
class Check:
    """A look at one kind of thing; ``needs_database`` leaves it out where the database cannot be used."""

    name: str
    look: Callable[[datetime], Iterable[Result]]
    needs_database: bool


@dataclass
class Report:
    """The result of one check: the first findings, how many more there are, and what was looked at."""

    check: str
    findings: list[Finding] = field(default_factory=list)
    more: int = 0
    problems: int = 0  # the unlisted ones included
    looked: list[str] = field(default_factory=list)

    def take(self, result: Result) -> None:
        if isinstance(result, Looked):
            self.looked.append(result.words)
            return
        self.problems += result.is_problem
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(result)
        else:
            self.more += 1


_checks: dict[str, Check] = {}


def register_check(
    name: str, look: Callable[[datetime], Iterable[Result]], *, needs_database: bool = False
) -> None:
    """Have the doctor look; the last registration of a name counts. A look writes nothing."""
    _checks[name] = Check(name, look, needs_database)


def checks() -> tuple[Check, ...]:
    """All there are: those of a package are in its module ``checkups``, which only the doctor imports."""
    autodiscover_modules("checkups")
    return tuple(_checks.values())


def examine(check: Check, now: datetime) -> Report:
    """Do one look. One that fails is a finding itself, and disturbs no other."""
    report = Report(check.name)
    try:
        for result in check.look(now):
            report.take(result)
    except Exception as error:
        words = f"could not be looked at: {type(error).__name__}: {' '.join(str(error).split())}"
        report.take(Finding(check.name, words, "Mend what else is named here, then run the doctor again."))
    return report
