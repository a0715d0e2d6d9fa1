"""Synthetic history for benchmarks and demos: apps, runs, entries and slots that never happened."""
