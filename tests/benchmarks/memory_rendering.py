"""Markdown of 1 MB to safe HTML, beside the two libraries that do the work, called in the plainest way."""

import time
from collections.abc import Callable, Sequence

from tests.benchmarks.measuring import interleaved, ratio
from tests.benchmarks.memory import Extent, large_text

TITLE = "Rendering 1 MB of markdown"
HEADINGS = ("", "median ms", "p95 ms", "/ plain")
GOAL = "goal: within 1.5 x cmarkgfm + nh3"


def rows(extent: Extent) -> list[Sequence[object]]:
    """Ours and the plain one."""
    import cmarkgfm
    import nh3

    from halo_site.markdown import EXTENSIONS, render

    text = large_text()

    def plain() -> object:
        return nh3.clean(cmarkgfm.markdown_to_html_with_extensions(text, extensions=EXTENSIONS))

    found = interleaved(
        {"cmarkgfm + nh3": _timed(plain), "ours": _timed(lambda: render(text))}, counted=extent.rounds
    )
    base = found["cmarkgfm + nh3"].median
    return [(name, sample.median, sample.p95, ratio(sample.median, base)) for name, sample in found.items()]


def _timed(work: Callable[[], object]) -> Callable[[], float]:
    def timed() -> float:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000

    return timed
