"""One model turn: attempts, waits between them, the next source when one fails, all of it written down."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app_runtime import bounds, conversation, prices
from app_runtime.engines.base import Briefing, Engine, Message, Turn
from app_runtime.exceptions import EngineError, LeaseLost, RunStopped
from app_runtime.progress import Progress, elapsed_ms
from halo_site.datadir.ai_sources import ModelSource


class ModelTurns:
    """Makes the turns of one run. Errors of a provider that may pass are tried again, bounded and visibly."""

    def __init__(self, engine: Engine, progress: Progress) -> None:
        self.engine, self.progress = engine, progress

    def make(self, briefing: Briefing, heard: Sequence[Message]) -> Turn:
        """The next turn. Raises `EngineError` if every source failed, `RunStopped` if the run must end."""
        self.progress.meter.allow_turn()
        waited, attempt = 0, 0
        while True:
            attempt += 1
            began = self.progress.begin_step()
            self._announce()
            try:
                turn = self._priced(self._attempt(briefing, heard))
            except EngineError as error:
                if error.is_free:
                    self.progress.meter.forget()
                waited += elapsed_ms(began)
                pause = self._after(error, attempt, elapsed_ms(began))
                if pause is None:
                    attempt = 0
                else:
                    self.progress.pause(pause)
                    waited += round(pause * 1000)
            except RunStopped as stopped:
                self._write_error("stopped", str(stopped), attempt, elapsed_ms(began))
                raise
            else:
                return self._counted(turn, attempt, elapsed_ms(began), waited)

    def _announce(self) -> None:
        """Have the meter count the request before it is made; an engine without a source makes none."""
        if self.engine.source is not None:
            self.progress.meter.begin(self.engine.source.model, self.progress.clock())

    def _attempt(self, briefing: Briefing, heard: Sequence[Message]) -> Turn:
        answer = self.engine.turn(briefing, heard)
        return self.progress.wait(answer) if inspect.iscoroutine(answer) else answer  # type: ignore[return-value]

    def _priced(self, turn: Turn) -> Turn:
        """The turn with a person's own price, where there is one for its model."""
        source = self.engine.source
        if source is None or turn.tokens_in is None or turn.tokens_out is None:
            return turn
        today = self.progress.clock().date()
        rate = prices.own_rate(turn.model, today) or prices.own_rate(source.model, today)
        if rate is None:
            return turn
        tokens = prices.Tokens(turn.tokens_in, turn.tokens_out, turn.tokens_cached or 0)
        cost = prices.cost_of(tokens, rate)
        return replace(turn, cost_picousd=cost, price=f"own price of {rate.valid_from.isoformat()}")

    def _after(self, error: EngineError, attempt: int, ms: int) -> float | None:
        """Seconds until the same source is tried again; None where the next one is now in use.

        Raises the error where neither is possible. All of it is a line of the transcript.
        """
        error = self._with_wait(error)
        pause = self._pause(error, attempt)
        if pause is not None:
            self._write_error(error.kind, str(error), attempt, ms, round(pause * 1000), None)
            return pause
        failed = self.engine.source
        following = self.engine.source if self.engine.fall_back() else None
        self._write_error(
            error.kind, str(error), attempt, ms, None, following.id if following else None, failed
        )
        if following is None:
            raise error
        return None

    def _pause(self, error: EngineError, attempt: int) -> float | None:
        """1, 2, 4, … seconds, or what the provider asks for; None where trying again is of no use."""
        settings = self.progress.settings
        if error.permanent or attempt > settings.provider_retries:
            return None
        pause: float = max(settings.first_retry_wait_seconds * 2 ** (attempt - 1), error.retry_after or 0)
        longest = settings.longest_retry_wait_seconds
        if error.retry_after is not None and error.retry_after > longest:
            return None
        return min(pause, longest)

    def _with_wait(self, error: EngineError) -> EngineError:
        """The error; where it asks for a wait that is too long, its sentence says that too."""
        asked, longest = error.retry_after, self.progress.settings.longest_retry_wait_seconds
        if asked is None or asked <= longest:
            return error
        sentence = f"{error} It asks to wait {asked:,.0f} s; the longest wait that is set is {longest:,g} s."
        return EngineError(
            sentence,
            permanent=error.permanent,
            kind=error.kind,
            retry_after=asked,
            is_free=error.is_free,
        )

    def _write_error(
        self, kind: str, sentence: str, attempt: int, ms: int,
        retry_ms: int | None = None, following: str | None = None, source: ModelSource | None = None,
    ) -> None:  # fmt: skip
        used = source or self.engine.source
        self.progress.write(
            "provider_error",
            step=self.progress.run.step_count,
            ms=ms,
            source=used.id if used else None,
            attempt=attempt,
            kind=kind,
            error=sentence,
            retryInMs=retry_ms,
            next=following,
            costUnknown=self.progress.meter.is_asking,
        )

    def _counted(self, turn: Turn, attempt: int, ms: int, waited: int) -> Turn:
        waiting_ms = ms + waited if self.engine.source else 0
        if not self.progress.meter.count(turn, waiting_ms, self.progress.clock()):
            raise LeaseLost("The run is no longer this worker's.")
        turn, whole = bounds.bounded(turn, self.progress.masker)
        self.progress.write(
            "model",
            step=self.progress.run.step_count,
            ms=ms,
            text=turn.text,
            model=turn.model,
            source=self.engine.source.id if self.engine.source else None,
            attempt=attempt,
            calls=conversation.calls_as_json(call.as_told() for call in turn.calls),
            tokensIn=turn.tokens_in,
            tokensOut=turn.tokens_out,
            tokensCached=turn.tokens_cached,
            costPicousd=turn.cost_picousd,
            price=turn.price or None,
            **self._kept_aside(whole),
        )
        return turn

    def _kept_aside(self, whole: str) -> dict[str, Any]:
        """Keep what is too long for the transcript beside it, once."""
        if not whole:
            return {}
        name = f"step-{self.progress.run.step_count}.txt"
        self.progress.transcript.keep(name, whole)
        return {"resultFile": name, "resultCharacters": len(whole)}
