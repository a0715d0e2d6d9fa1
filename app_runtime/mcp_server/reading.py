"""Apps, runs and open questions for whoever asks: bounded queries, newest first, nothing is written."""

from collections.abc import Iterable
from typing import Any

from app_manager.models import App
from app_runtime.exceptions import ToolRefused
from app_runtime.mcp_server.arguments import AppsArguments, QuestionsArguments, RunArguments, RunsArguments
from app_runtime.mcp_server.asker import Asker
from app_runtime.mcp_server.records import (
    AskedQuestion,
    ListedApp,
    ListedApps,
    ListedQuestion,
    ListedQuestions,
    ListedRun,
    ListedRuns,
    RunStep,
    ShownRun,
)
from app_runtime.models import Entry, Run
from app_runtime.runs.steps import Step, timeline
from app_runtime.transcript import Transcript
from app_runtime.wire import run_record
from halo_site.datadir.names import PathRefused
from halo_site.paging import begun_at, parse_before, place_of
from halo_site.store.fields import to_ms
from halo_site.store.rows import row_values

CLIPPED = 2_000  # characters of one text of a step, of a description or of an error in a list
NOT_SHOWN = "(Left out: an app's memory belongs to the app.)"
MEMORY_TOOLS = ("memory_read", "memory_write", "memory_list")
TELLING = ("scope", "mode", "section", "limit", "path")  # arguments of memory tools that are no memory


def apps_list(asker: Asker, arguments: AppsArguments) -> ListedApps:
    """The apps that the asker sees, the last installed first."""
    apps = asker.apps()
    apps = apps.filter(status=arguments.status) if arguments.status else apps.installed()
    if arguments.space is not None:
        apps = apps.in_space(_plain(arguments.space))
    found = list(apps.newest_first()[: arguments.limit + 1])
    shown = [_listed_app(app) for app in found[: arguments.limit]]
    return ListedApps(apps=shown, more=len(found) > arguments.limit)


def runs_list(asker: Asker, arguments: RunsArguments) -> ListedRuns:
    """The runs that the asker sees, newest first, from ``before`` on."""
    rows = Run.objects.filter(**_whose(asker, arguments.app)).select_related("app")
    if arguments.status:
        rows = rows.filter(status=arguments.status)
    found = list(begun_at(_place(arguments.before), rows, moment="started_at")[: arguments.limit + 1])
    shown = found[: arguments.limit]
    return ListedRuns(runs=[_listed_run(run) for run in shown], next=_next(found, shown, "started_at"))


def questions_list(asker: Asker, arguments: QuestionsArguments) -> ListedQuestions:
    """The open questions that the asker sees, newest first, from ``before`` on."""
    rows = Entry.objects.open().filter(**_whose(asker, arguments.app)).select_related("app")
    found = list(begun_at(_place(arguments.before), rows, moment="ts")[: arguments.limit + 1])
    shown = found[: arguments.limit]
    return ListedQuestions(
        questions=[_listed_question(entry) for entry in shown], next=_next(found, shown, "ts")
    )


def run_get(asker: Asker, arguments: RunArguments) -> ShownRun:
    """One run: its record, and its newest steps."""
    mine = _whose(asker, None)
    run = Run.objects.select_related("app").filter(pk=_plain(arguments.run_id), **mine).first()
    if run is None:
        raise ToolRefused(f"There is no run {arguments.run_id}. runs_list gives the ids in full.")
    try:
        record = run_record(run)
    except ValueError as error:
        raise ToolRefused(f"Run {run.pk} was written by another program and cannot be read here.") from error
    lines, problem = _lines(run)
    # An app may see its own memory; nobody else reads it by way of a transcript
    known = timeline(lines if asker.app_id == run.app_id else map(_without_memory, lines))
    steps = known.steps[len(known.steps) - min(arguments.steps, len(known.steps)) :]
    hidden = known.hidden + len(known.steps) - len(steps)
    return ShownRun(
        run=record, steps=[_shown(step) for step in steps], earlier_steps=hidden, steps_problem=problem
    )


def _whose(asker: Asker, app_id: str | None) -> dict[str, str]:
    """The filter for rows of apps. Raises `ToolRefused` for an app that the asker does not see."""
    seen = asker.apps()
    if app_id is not None and not seen.filter(pk=_plain(app_id)).exists():
        raise ToolRefused(f"There is no app {app_id}. apps_list gives the ids in full.")
    wanted = app_id or asker.app_id
    return {"app_id": wanted} if wanted else {}


def _place(before: str | None) -> str:
    if before is not None and parse_before(before) is None:
        raise ToolRefused(f"“{before}” is no place in the list: before is the value of next, unchanged.")
    return before or ""


def _plain(text: str) -> str:
    """The text, fit to ask a database for: PostgreSQL refuses NUL with an error."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _next(found: list[Any], shown: list[Any], moment: str) -> str | None:
    return place_of(getattr(shown[-1], moment), shown[-1].pk) if len(found) > len(shown) else None


def _listed_app(app: App) -> ListedApp:
    values = row_values(app)
    values["problem"] = (app.obstacle or app.error_message or "")[:CLIPPED]
    return ListedApp(**{**values, "name": app.name, "description": app.description[:CLIPPED]})


def _listed_run(run: Run) -> ListedRun:
    values = row_values(run)
    values["error_message"] = (run.error_message or "")[:CLIPPED] or None
    return ListedRun(**{**values, "app_name": run.app.name})


def _listed_question(entry: Entry) -> ListedQuestion:
    deadline = entry.deadline
    return ListedQuestion(
        **{**row_values(entry), "summary": entry.summary},
        app_name=entry.app.name,
        questions=[_asked(question) for question in entry.questions],
        deadline_at=to_ms(deadline) if deadline else None,
    )


def _asked(question: dict[str, Any]) -> AskedQuestion:
    choices = question.get("choices")
    listed = map(str, choices) if isinstance(choices, list) else ()
    return AskedQuestion(question=str(question.get("question") or ""), choices=list(listed))


def _lines(run: Run) -> tuple[Iterable[dict[str, Any]], str]:
    """The lines of its transcript, of a large one those of both ends; and why they cannot be read."""
    try:
        return Transcript(run.app, run.run_id).excerpt().lines, ""
    except LookupError as error:
        return (), str(error.args[0])
    except (OSError, PathRefused) as error:
        return (), f"The transcript cannot be read: {error}"


def _without_memory(line: dict[str, Any]) -> dict[str, Any]:
    """The line; of a call of a memory tool without what was read or written."""
    if line.get("type") != "tool" or line.get("name") not in MEMORY_TOOLS:
        return line
    given = line.get("arguments")
    told = {key: given[key] for key in TELLING if key in given} if isinstance(given, dict) else {}
    return {**line, "arguments": told, "result": NOT_SHOWN}


def _shown(step: Step) -> RunStep:
    return RunStep(
        number=step.number,
        kind=step.kind,
        what=step.what,
        said=step.said[:CLIPPED],
        arguments=step.arguments[:CLIPPED],
        result=step.result[:CLIPPED],
        is_bad=step.tone == "bad",
        duration_ms=step.duration_ms,
        tokens=step.tokens,
    )
