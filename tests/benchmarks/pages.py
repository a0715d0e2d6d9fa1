"""Every page of the site and of its admin, with 1,000 runs and with many, against DESIGN §8.

A page may take 1.5 times its own time with 1,000 runs, 3 times its raw SQL and itself over an empty history,
and no more queries than with 1,000. Three installations are measured in turn, each by a process of its own;
"empty" has one app, run and entry. Audit lines and revisions are as many as runs.

With 1,000 runs some lists are not full. A page that is larger over the long history may ask the query that
an empty list saves; one that is more than a tenth larger is marked "fuller" and may take so much more time.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks import machine
from tests.benchmarks.installations import Size, prepare
from tests.benchmarks.measuring import Sample, interleaved, ratio
from tests.benchmarks.processes import Address, Installation
from tests.benchmarks.tables import text_table

Served = dict[str, Installation]  # small, large and empty

SMALL_RUNS = 1_000
APPS = 50
ENTRIES_PER_RUN = 3
AGAINST_SMALL, AGAINST_LIMIT = 1.5, 3.0  # DESIGN §8
FULLER, EMPTY = 1.1, 1.02  # times as many bytes: a fuller list; a list instead of an empty one
SLOW_MS, SLOW_ROUNDS = 2_000, 3  # what takes seconds is measured three times: it is over any budget
HEADINGS = (
    *("page", "ms 1k", "ms", "p95", "ratio", "KB 1k", "KB", "queries 1k", "queries"),
    *("raw SQL", "empty", "of limit", "breaks"),
)


@dataclass(frozen=True)
class Row:
    """One page: medians in milliseconds."""

    page: str
    small: float
    large: float
    large_p95: float
    queries_small: int
    queries_large: int
    bytes_small: int
    bytes_large: int
    raw: float
    empty: float
    problem: str = ""

    @property
    def against_small(self) -> float:
        return ratio(self.large, self.small)

    @property
    def against_limit(self) -> float:
        """The page to its raw SQL and itself empty."""
        return ratio(self.large, self.raw + self.empty)

    @property
    def fullness(self) -> float:
        """How many times as much it says; 1 where that is about the same, or less."""
        times = ratio(self.bytes_large, self.bytes_small)
        return times if times > FULLER else 1.0

    @property
    def breaks(self) -> list[str]:
        """Which parts of the budget it breaks."""
        found = [self.problem] if self.problem else []
        if self.against_small > AGAINST_SMALL * self.fullness:
            found.append(f"> {AGAINST_SMALL} x 1k")
        if self.against_limit > AGAINST_LIMIT:
            found.append(f"> {AGAINST_LIMIT:g} x limit")
        if self.queries_large > self.queries_small + (self.bytes_large > EMPTY * self.bytes_small):
            found.append("more queries")
        return found

    def cells(self) -> tuple[object, ...]:
        times = (self.small, self.large, self.large_p95, self.against_small)
        sizes = (self.bytes_small / 1024, self.bytes_large / 1024)
        queries = (self.queries_small, self.queries_large)
        marks = [*self.breaks, *(["fuller"] if self.fullness > 1 else [])]
        return self.page, *times, *sizes, *queries, self.raw, self.empty, self.against_limit, ", ".join(marks)


def add_to(benchmarks: Any) -> None:
    """The benchmark's options."""
    parser = benchmarks.add_parser("pages", help="every page with 1,000 runs and with many")
    parser.add_argument(
        "--runs", type=int, default=1_000_000, help="default: 1000000; entries are 3 x as many"
    )
    parser.add_argument("--rounds", type=int, default=20, help="that count (default: 20)")
    parser.add_argument("--quick", action="store_true", help="20000 runs and 5 rounds")
    parser.add_argument("--only", default="", metavar="TEXT", help="only pages whose address has TEXT in it")
    parser.add_argument("--folder", type=Path, help="where the installations are kept and found again")
    parser.add_argument(
        "--plans", action="store_true", help="the slowest statements of pages that break the budget"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures as JSON too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the installations, measure, print. What breaks the budget is marked; it is no failure."""
    if options.quick:
        options.runs, options.rounds = 20_000, 5
    below = options.folder or Path(tempfile.gettempdir()) / "halo-site-benchmarks"
    before, rows = machine.facts(), list[Row]()
    with ExitStack() as stack:
        served = {
            name: stack.enter_context(Installation(prepare(below.resolve(), size)))
            for name, size in sizes(options.runs).items()
        }
        with suppress(KeyboardInterrupt):  # what is measured until then is reported
            rows += _measured_pages(served, options)
    _report(rows, {**before, "load after": machine.facts()["load"]}, options)
    return 0


def _measured_pages(served: Served, options: argparse.Namespace) -> Iterator[Row]:
    large = served["large"]
    addresses = [each for each in large.addresses() if options.only in each.label]
    for number, address in enumerate(addresses, 1):
        if not all(address.is_on(each.samples) for each in served.values()):
            print(f"{address.label} is left out: not every installation has such a row", file=sys.stderr)
            continue
        row = _measured(served, address, options.rounds)
        print(f"{number}/{len(addresses)} {row.page} {'; '.join(row.breaks)}", file=sys.stderr)
        if options.plans and row.breaks:
            print(*large.ask("plans", path=large.path(address)), sep="\n", file=sys.stderr)
        yield row


def sizes(runs: int) -> dict[str, Size]:
    """The installations. As many runs lie in the last day of the small one as fill its pages."""
    return {
        "small": Size(APPS, SMALL_RUNS, SMALL_RUNS * ENTRIES_PER_RUN, 2),
        "large": Size(APPS, runs, runs * ENTRIES_PER_RUN, 365),
        "empty": Size(1, 1, 1, 1),
    }


def _measured(served: Served, address: Address, counted: int) -> Row:
    paths = {name: each.path(address) for name, each in served.items()}
    seen = {name: each.ask("look", path=paths[name]) for name, each in served.items()}
    is_slow = seen["large"]["ms"] > SLOW_MS
    subjects = {name: partial(each.ask, "page", path=paths[name]) for name, each in served.items()}
    subjects["raw"] = partial(served["large"].ask, "raw", path=paths["large"])
    taken = interleaved(subjects, counted=min(counted, SLOW_ROUNDS) if is_slow else counted)
    return _row(address.label, taken, seen)


def _row(label: str, taken: dict[str, Sample], seen: dict[str, Any]) -> Row:
    answers = [seen[name]["status"] for name in ("small", "large")]
    return Row(
        page=label,
        small=taken["small"].median,
        large=taken["large"].median,
        large_p95=taken["large"].p95,
        queries_small=seen["small"]["queries"],
        queries_large=seen["large"]["queries"],
        bytes_small=seen["small"]["bytes"],
        bytes_large=seen["large"]["bytes"],
        raw=taken["raw"].median,
        empty=taken["empty"].median,
        problem="" if answers == [200, 200] else f"answers {answers[0]} and {answers[1]}",
    )


def _report(rows: list[Row], facts: dict[str, str], options: argparse.Namespace) -> None:
    for name, value in facts.items():
        print(f"{name}: {value}")
    print(f"{options.runs:,} runs against {SMALL_RUNS:,}, {options.rounds} rounds that count, medians in ms")
    print(text_table(HEADINGS, [row.cells() for row in rows]))
    broken = [row for row in rows if row.breaks]
    print(f"{len(broken)} of {len(rows)} pages break the budget")
    if options.json:
        figures = [{**asdict(row), "breaks": row.breaks} for row in rows]
        options.json.write_text(
            json.dumps({"machine": facts, "runs": options.runs, "pages": figures}, indent=2)
        )
