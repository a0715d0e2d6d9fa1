"""A sum of what models used, and how it is said where a part of it is unknown. Pure."""

from dataclasses import astuple, dataclass
from decimal import Decimal
from typing import ClassVar

from halo_site import quantities


@dataclass(frozen=True)
class Usage:
    """What some turns used, money in 1e-12 US dollars.

    Of the turns, ``turns_unknown`` have no size and ``turns_unpriced`` no price; they are in no sum of these.
    """

    COUNTED: ClassVar = (
        *("runs", "turns", "turns_unknown", "turns_unpriced"),
        *("tokens_in", "tokens_cached", "tokens_out", "cost_picousd"),
    )

    runs: int = 0
    turns: int = 0
    turns_unknown: int = 0
    turns_unpriced: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    cost_picousd: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(*(one - less for one, less in zip(astuple(self), astuple(other), strict=True)))

    @property
    def tokens(self) -> int:
        """In and out together, as far as they are known."""
        return self.tokens_in + self.tokens_out

    @property
    def rank(self) -> tuple[int, int]:
        """What lists are ordered by: cost, then tokens."""
        return self.cost_picousd, self.tokens

    @property
    def usd(self) -> Decimal | None:
        """The money that is known, exactly; None where no turn has a price."""
        if self.turns_unpriced and self.turns_unpriced >= self.turns:
            return None
        return Decimal(self.cost_picousd).scaleb(-12)

    @property
    def is_sized(self) -> bool:
        """Whether the size of any turn is known."""
        return not self.turns_unknown or self.turns_unknown < self.turns

    @property
    def money(self) -> str:
        """ "12.40 USD", "at least 3.10 USD" or "unknown"."""
        return self._known(quantities.dollars(self.usd), self.turns_unpriced)

    @property
    def runs_counted(self) -> str:
        return f"{self.runs:,}"

    @property
    def turns_counted(self) -> str:
        return f"{self.turns:,}"

    @property
    def unpriced_counted(self) -> str:
        return f"{self.turns_unpriced:,}"

    @property
    def unknown_counted(self) -> str:
        return f"{self.turns_unknown:,}"

    @property
    def incoming(self) -> str:
        return self._tokens(self.tokens_in)

    @property
    def cached(self) -> str:
        return self._tokens(self.tokens_cached)

    @property
    def outgoing(self) -> str:
        return self._tokens(self.tokens_out)

    @property
    def all_tokens(self) -> str:
        return self._tokens(self.tokens)

    def _tokens(self, count: int) -> str:
        """A number of tokens in words."""
        words = f"{count:,}" if self.is_sized else quantities.unknown()
        return self._known(words, self.turns_unknown)

    def _known(self, words: str, missing: int) -> str:
        """A sum in which the parts of ``missing`` turns are not."""
        return quantities.at_least(words, missing if missing < self.turns else 0)
