"""`python3 -m tests.benchmarks BENCHMARK …`; what each needs is in its `--help`."""

import argparse
import os
import sys

from halo_site import bootstrap


def main() -> int:
    """Run one benchmark; on a machine that lacks what the site needs, that is installed first."""
    bootstrap.ensure(["-m", "tests.benchmarks", *sys.argv[1:]])
    os.umask(0o077)
    from tests.benchmarks import memory, pages, runs, schedule

    parser = argparse.ArgumentParser(prog="python3 -m tests.benchmarks", description="Prints ratios.")
    benchmarks = parser.add_subparsers(required=True, metavar="BENCHMARK")
    pages.add_to(benchmarks)
    runs.add_to(benchmarks)
    memory.add_to(benchmarks)
    schedule.add_to(benchmarks)
    options = parser.parse_args()
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
