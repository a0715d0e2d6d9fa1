"""One run from its prompt to its end: engine and tools in turns until report_to_user (DESIGN §5.5, §5.6)."""

from typing import Any

from django.utils import timezone

from app_runtime import bounds, conversation, prompt
from app_runtime.engines.base import Briefing, Engine, Message
from app_runtime.exceptions import FolderMissing, LeaseLost
from app_runtime.model_turns import ModelTurns
from app_runtime.models import REHEARSAL, RunMessage
from app_runtime.progress import Progress
from app_runtime.servers import Servers
from app_runtime.settlement import End
from app_runtime.statuses import Outcome, Status
from app_runtime.tool_calls import ToolCalls
from app_runtime.tools import Reports, Tool, tools_for
from halo_site.datadir.config import site_config
from memory import documents, sections
from memory.exceptions import MemoryRefused
from memory.places import app_caller, app_place

CONTINUE = "You have not called report_to_user. Go on until the work is done, then report what came of it."


class Session:
    """Works on one claimed run. Raises `FolderMissing` where there is no place for the run's files."""

    def __init__(self, engine: Engine, progress: Progress) -> None:
        self.run, self.engine, self.progress = progress.run, engine, progress
        self.reports = Reports(self.run, progress.clock, progress.masker)
        self.servers = Servers(self.run, site_config().network.private_hosts)
        self.conversation: list[Message] = []
        self.continued = 0

    def work(self) -> End:
        """Go through the whole run and say how it ended. Raises `LeaseLost` where it is no longer ours.

        Every failure of an engine or of the file system ends here as an exception of its own kind.
        """
        tools = self._tools()
        briefing = self._open(tools)
        turns, calls = ModelTurns(self.engine, self.progress), ToolCalls(tools, self.progress)
        while True:
            self._take_messages()
            bounds.check(self.conversation)
            turn = turns.make(briefing, tuple(self.conversation))
            if turn.text.strip() or turn.calls:
                told = tuple(call.as_told() for call in turn.calls)
                self.conversation.append(Message("assistant", turn.text, told))
            self.conversation += [calls.carry_out(call) for call in turn.calls]
            if self.reports.ended or (self.reports.made and not turn.calls):
                return self._end()
            if not turn.calls and not self._go_on():
                sentence = (
                    f"The run ended without a report, although it was told {self.continued} times to go on."
                )
                return End(Status.ERROR, Outcome.ERROR, sentence)

    def _tools(self) -> dict[str, Tool]:
        """Name → tool. A rehearsal starts no server, and is told of none."""
        own = tools_for(self.run, self.reports, self.progress.clock, self.progress.wait)
        if self.engine.name == REHEARSAL:
            return own
        if not self.servers.resolve():
            return own
        self.progress.wait(self.servers.start())
        self.servers.record(self.progress.masker, self.progress.clock())
        return own | {tool.name: tool for tool in self.servers.tools()}

    def _open(self, tools: dict[str, Tool]) -> Briefing:
        """Open the memory for this run and write down the prompt as it is sent."""
        now = timezone.localtime(self.progress.clock())
        before = conversation.before(self.run)
        bounds.check(before)  # first, so that what cannot be sent is not copied again and again
        if before:
            self.progress.write("history", of=self.run.parent_run_id, messages=conversation.as_json(before))
        briefing = prompt.briefing(
            self.run, memory=self._memory(), tools=tuple(tools.values()), now=now, is_continued=bool(before)
        )
        self.progress.write("prompt", **self._prompt_facts(briefing))
        self.conversation += [*before, Message("user", briefing.message)]
        return briefing

    def _prompt_facts(self, briefing: Briefing) -> dict[str, Any]:
        source = self.engine.source
        return {
            "engine": self.engine.name,
            "source": source.model_dump(include={"id", "name", "provider", "model"}) if source else None,
            "instructions": briefing.instructions,
            "message": briefing.message,
            "tools": [
                {"name": tool.name, "why": tool.why, "description": tool.description, "schema": tool.schema}
                for tool in briefing.tools
            ],
            "servers": self.servers.facts(),
        }

    def _memory(self) -> str:
        """Insert the run's heading and return the snapshot.

        A memory that is full or cannot be read does not stop the run, which alone can make it shorter: what
        was refused stands in the prompt.
        """
        place, caller = app_place(self.run.app_id), app_caller(self.run.app_id)
        if place is None or caller is None:
            raise FolderMissing(self.run.app)
        clock, refused = self.progress.clock, ""
        try:
            documents.insert_history_heading(place, clock(), self.run.run_id)
        except MemoryRefused as error:
            refused = f"(The heading of this run could not be added: {error})\n\n"
        try:
            return refused + sections.snapshot(documents.read(caller, place, now=clock()) or "")
        except MemoryRefused as error:
            return f"{refused}(Your memory could not be read: {error})"

    def _take_messages(self) -> None:
        """What people sent since the last step becomes part of the conversation, and is marked as arrived."""
        for message in RunMessage.objects.waiting().filter(run=self.run):
            step = self.run.step_count + 1
            if not message.deliver(self.run, step, self.progress.clock()):
                raise LeaseLost("The run is no longer this worker's.")
            self.progress.write(
                "message", step=step, by=message.sent_by, text=message.text, sentAt=message.sent_ms
            )
            self.conversation.append(Message("user", message.text))

    def _go_on(self) -> bool:
        """Tell the engine to continue; False when it was told often enough."""
        if self.continued >= self.progress.settings.auto_continues:
            return False
        self.continued += 1
        self.progress.write("continue", text=CONTINUE, count=self.continued)
        self.conversation.append(Message("user", CONTINUE))
        return True

    def _end(self) -> End:
        if self.reports.asked:
            return End(Status.WAITING_USER, Outcome.USEFUL)
        told_something = any(kind != "run_skipped" for kind in self.reports.made)
        return End(Status.OK, Outcome.USEFUL if told_something else Outcome.NOOP)

    async def close(self) -> None:
        """End the servers and let go of the engine's connections, in the run's event loop."""
        await self.servers.stop()
        await self.engine.close()
