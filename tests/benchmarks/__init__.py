"""Benchmarks: they print ratios beside limits measured in the same run, and assert no times (DESIGN §8).

`python3 -m tests.benchmarks pages --runs 1000000` measures every page; `--quick` does it in a few minutes.
"""
