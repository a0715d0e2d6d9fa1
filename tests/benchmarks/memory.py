"""Memory: opening and saving a large file, rendering it, each beside what it cannot do without.

Each part is a module with `TITLE`, `HEADINGS`, `GOAL` and `rows(extent)`, listed in `parts`; a part runs in
this process, in a new installation on SQLite.
"""

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.benchmarks import machine
from tests.benchmarks.tables import text_table
from tests.processes import environment

LARGE_BYTES = 1_000_000


@dataclass(frozen=True)
class Extent:
    """How much is measured: rounds that count, and files of 10 KB to search."""

    rounds: int
    files: int


def add_to(benchmarks: Any) -> None:
    """The benchmark's options."""
    parser = benchmarks.add_parser("memory", help="open, save, render a file of 1 MB; search 10,000 files")
    parser.add_argument("--rounds", type=int, default=20, help="that count (default: 20)")
    parser.add_argument("--files", type=int, default=10_000, help="to search (default: 10000)")
    parser.add_argument("--quick", action="store_true", help="3 rounds")
    parser.set_defaults(run=run)


def parts() -> tuple[ModuleType, ...]:
    """What is measured, in the order of the tables."""
    from tests.benchmarks import memory_editing, memory_rendering, memory_search

    return memory_editing, memory_rendering, memory_search


def run(options: argparse.Namespace) -> int:
    """Make an installation, measure each part, print. A goal that is missed is no failure."""
    for name, value in machine.facts().items():
        print(f"{name}: {value}")
    print(f"files to search: {options.files:,}")
    extent = Extent(3 if options.quick else options.rounds, options.files)
    with tempfile.TemporaryDirectory() as scratch:
        _set_up(Path(scratch) / "data")
        for part in parts():
            print(f"\n{part.TITLE}")
            print(text_table(part.HEADINGS, part.rows(extent)))
            print(part.GOAL)
    return 0


def _set_up(folder: Path) -> None:
    os.environ.update(environment(folder, DJANGO_SETTINGS_MODULE="halo_site.settings"))
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def large_text() -> str:
    """Markdown of 1 MB as agents write it: headings, lists, some emphasis, links, code and a table."""
    days: list[str] = []
    size = 0
    while size < LARGE_BYTES - 1_000:
        days.append(_day(len(days)))
        size += len(days[-1].encode())
    return "# now\n\n## State\n- kettle: 19.50\n\n# History\n\n" + "".join(days)


def _day(number: int) -> str:
    price = f"{number % 977 / 7:.2f}"
    return f"""## 2026-{number % 12 + 1:02}-{number % 28 + 1:02}-{number % 24:02}00 | price of {number}
- kettle: **{price}** (was {number}), see [shop](https://shop.example/kettle/{number})
- lamp: {number * 7 % 1009}, `in stock`; 价格 {price}

| shop | price |
|---|---|
| one | {price} |

Mornings are *cheap* in week {number // 7}, evenings are not. Ask again {number % 3} days later.

"""
