"""The outside world of runs, faked at its wire: a provider of models that answers as a test says."""

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

__all__ = ["Asked", "BrokenArguments", "Cuts", "Empty", "Hangs", "Provider", "Raw", "Says", "Status"]
