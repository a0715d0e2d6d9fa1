"""One small request to a model source, in a process of its own: this one loads no model library."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from halo_site.quantities import duration

SECONDS = 45


@dataclass(frozen=True)
class Checked:
    """What came of it, as `check_source` prints it."""

    ok: bool
    sentence: str
    model: str = ""
    ms: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None

    @property
    def words(self) -> str:
        """All of it in one line."""
        if not self.ok:
            return self.sentence
        facts = [f"{self.sentence} {self.model}", duration(self.ms)]
        if self.tokens_in is not None:
            facts.append(_("%(n)s tokens in, %(m)s out") % {"n": self.tokens_in, "m": self.tokens_out})
        return ", ".join(facts)


def run_check(source_id: str) -> Checked:
    """Ask the source, for at most `SECONDS`. Never raises: what went wrong is the sentence."""
    command = [
        sys.executable,
        str(Path(settings.BASE_DIR) / "manage.py"),
        "check_source",
        source_id,
        "--json",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
        return Checked(**json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        return Checked(False, _("It did not answer within %(seconds)d s.") % {"seconds": SECONDS})
    except (OSError, ValueError, TypeError):
        return Checked(False, _("The test itself failed; the log of the server says why."))
