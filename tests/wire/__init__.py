"""The outside world of runs, faked at its wire: a provider of models, a service for notifications."""

from tests.wire.answers import (
    BrokenArguments,
    Cuts,
    Empty,
    Hangs,
    Raw,
    Says,
    Status,
)
from tests.wire.provider import Asked, Provider
from tests.wire.sink import HANGS, Sink

__all__ = [
    "HANGS",
    "Asked",
    "BrokenArguments",
    "Cuts",
    "Empty",
    "Hangs",
    "Provider",
    "Raw",
    "Says",
    "Sink",
    "Status",
]
