"""Finds what is wrong with this installation, and says what to do."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from halo_site.datadir.paths import data_dir
from halo_site.doctor.database import database_file
from halo_site.doctor.examination import Examination, examination
from halo_site.doctor.findings import Finding
from halo_site.doctor.read_only import reading_only
from halo_site.management.base import HaloCommand


class Command(HaloCommand):
    help = (
        "Looks at the data directory and the database, names what is wrong and says what to do. "
        "Changes nothing. Ends with 1 where there is a problem; notices alone are none."
    )
    is_for_half_restored = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON for a program")

    def before_checks(self, options: dict[str, Any]) -> None:
        """Refuse nothing: a database that others refuse is what this command is for."""

    def handle(self, *args: Any, **options: Any) -> None:
        found = examined()
        self.stdout.write(as_json(found) if options["as_json"] else as_text(found))
        if found.problems:
            self.stdout.flush()
            sys.exit(1)


def examined() -> Examination:
    """Look with a database that nobody can change; once more where somebody began to use it meanwhile."""
    path = database_file()
    for _attempt in range(2):
        before = traces(path)
        with reading_only(path):
            found = examination(timezone.now())
        if not found.problems or before[0] or traces(path) == before:
            break
    return found


def traces(path: Path | None) -> tuple[bool, int]:
    """Whether an SQLite database is in use, and when its file last changed (ns since 1970)."""
    if path is None or not path.exists():
        return False, 0
    return path.with_name(f"{path.name}-wal").exists(), path.stat().st_mtime_ns


def as_text(found: Examination) -> str:
    """Problems first, then notices, two lines each; one line where all is well."""
    lines = []
    for is_problem, title in ((True, "Problems"), (False, "Worth knowing")):
        listed = [line for report in found.reports for line in _listed(report.findings, is_problem)]
        if listed:
            lines += [title, *listed, ""]
    lines += [f"{report.check}: {report.more:,} more like these." for report in found.reports if report.more]
    if found.left_out:
        lines.append(f"Not looked at before that is mended: {', '.join(found.left_out)}.")
    verdict = _counted_problems(found.problems)
    looked = f"Looked at {', '.join(found.looked)}" if found.looked else "Nothing else was looked at"
    return "\n".join([*lines, f"{verdict}. {looked} in {data_dir().root}, {found.seconds:.1f} s."])


def _counted_problems(count: int) -> str:
    return "No problem" if not count else "1 problem" if count == 1 else f"{count:,} problems"


def _listed(findings: list[Finding], is_problem: bool) -> list[str]:
    chosen = [finding for finding in findings if finding.is_problem is is_problem]
    return [f"  {finding.subject}: {finding.what}\n      → {finding.advice}" for finding in chosen]


def as_json(found: Examination) -> str:
    """``{problems, seconds, looked, left_out, checks: [{name, more, findings}]}`` with each finding whole."""
    checks = [
        {
            "name": report.check,
            "more": report.more,
            "findings": [
                {
                    "severity": "problem" if finding.is_problem else "notice",
                    "subject": finding.subject,
                    "what": finding.what,
                    "advice": finding.advice,
                }
                for finding in report.findings
            ],
        }
        for report in found.reports
    ]
    facts: dict[str, Any] = {"problems": found.problems, "seconds": round(found.seconds, 3)}
    facts |= {"looked": found.looked, "left_out": found.left_out, "checks": checks}
    return json.dumps(facts, indent=2, ensure_ascii=False)
