"""Every address that is measured, out of the URL table and the admin's registry.

A page without parameters, or with parameters that `PARAMETERS` knows, is measured without anybody naming it.
What only a person can know stands here: the filters of lists, and what is left out and why.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.benchmarks.processes import Address

APP_KINDS = ("busy_app", "quiet_app", "rare_app")
# A path parameter → what it is measured with: names of `samples`, or a number
PARAMETERS = {
    "app_id": APP_KINDS,
    "run_id": ("newest_run", "old_run"),
    "entry_id": ("open_question", "ended_question"),
    "place_key": ("busy_place",),
    "job_id": ("busy_job",),
    "space_id": ("space_0",),
    "number": ("1",),
    "tab": ("conversation_tab", "memory_tab"),
}
RUN_FILTERS = tuple(
    f"status={word}" for word in ("queued", "running", "ok", "error", "skipped", "waiting_user", "cancelled")
)
# Each filter of the runs alone; those that nothing matches are sought in a whole window
RUN_SEARCHES = (
    *RUN_FILTERS,
    *("status=unfinished", "period=day", "period=week", "period=month", "until=2020-01-01"),
    *("trigger=schedule", "trigger=manual", "trigger=event", "model=rehearsal", "model=no-such-model"),
    *("q=price", "q=no+such+words", "q={newest_run_start}", "q={old_run}", "trigger=event&status=error"),
)
USAGE_FILTERS = (
    *("period=7", "period=90", "period=365", "period=365&show=tokens", "first=2020-01-01&last=2020-12-31"),
    *("period=365&app={busy_app}", "period=365&app={rare_app}", "period=365&model=gpt-4o-mini"),
)
# A page's view → the query strings of its filters and searches. A page with a pager is a list.
FILTERS: dict[str, tuple[str, ...]] = {
    "app_runtime:app_list": ("q=Synthetic+004", "q=no+such+app"),
    "app_runtime:app_thread": (
        *("type=milestone", "type=escalation", "type=run_error", "type=run_skipped", "type=reply"),
        *("type=milestone&type=output&type=run_complete", "day=2020-01-01", "at=unread"),
    ),
    "app_runtime:app_runs": RUN_SEARCHES,
    "app_runtime:notification_list": ("state=failed", "kind=question", "app={busy_app}", "target=nobody"),
    "audit_list": (
        *("q=Synthetic", "actor=command:make_history", "verb=install", "object_type=app", "kind=person"),
        "object_type=app&object_id={busy_app}",
    ),
    "app_runtime:run_list": (
        *RUN_SEARCHES,
        *("app={busy_app}", "app={rare_app}", "space={space_0}", "app={busy_app}&status=error&period=month"),
    ),
    "app_runtime:inbox": (
        *("state=answered", "state=expired", "state=dismissed", "state=closed", "due=day", "space={space_0}"),
        *("app={busy_app}", "q=price", "q=no+such+words", "state=answered&q=no+such+words"),
        "state=answered&app={busy_app}",
    ),
    "app_runtime:inbox_live": ("due=day", "space={space_0}", "app={busy_app}", "q=price", "q=no+such+words"),
    "app_runtime:usage_detail": USAGE_FILTERS,
    "memory:document_history": (),
    "scheduler:schedule_list": (
        *("q=Synthetic+004", "q=no+such+job", "space={space_0}", "state=planned", "state=late"),
        *("state=paused", "state=blocked", "state=off"),
    ),
    "scheduler:schedule_day": ("from=2020-01-01T00",),
    "scheduler:job_detail": ("verdict=ran", "verdict=missed", "at=2020-01-01T09:00", "at=2026-11-23T09:00"),
    "memory:search_detail": (
        "q=price",
        "q=p",
        "q=look+state",
        "q=no+such+words",
        "q=价格",
        "q=price&scope=app",
        "q=price&place={busy_place}",
        "q=price&show=200",
    ),
    "memory:orphan_list": ("place={busy_place}",),
}
# Views that are not measured, and why
LEFT_OUT = {
    "login": "for people who are not signed in",
    "welcome": "for the first start",
    "memory:document_raw": "a file's bytes; the document's page is measured",
    "memory:revision_detail": "two revisions of one file, found by their ids; its history is measured",
    "app_runtime:batch_detail": "a line of the audit log and at most 500 runs, found by their ids",
    "app_runtime:entry_detail": "a page of the thread, found by an entry's id; the thread is measured deep",
    "app_runtime:entry_data": "one column of one row, found by its id",
    "app_runtime:run_result": "a file's bytes; the run's page is measured",
    "app_runtime:escalation_link": "leads to a question, whose page is measured",
    "app_runtime:target_detail": "one entry of config.json; a made up past has none",
    "audit_export": "streams as many lines as there are; the page of the log is measured",
    "app_runtime:source_detail": "one entry of config.json; a made up past has none",
    "app_runtime:run_transcript": "a file's bytes; the run's page is measured",
    "app_runtime:usage_export": "streams as many rows as there are; the page of their sums is measured",
    "app_manager:app_spec_download": "the bytes of one column; the spec's page is measured",
}
MOST_CHOICES = 12  # of one filter in the admin
DEEP = "before={deep}"
ID_LENGTH = 36  # of a hyphenated UUID


def views() -> dict[str, tuple[str, ...]]:
    """View name → its path parameters, for every address but the admin's. The shortest form of each."""
    found: dict[str, tuple[str, ...]] = {}
    for name, parameters in _walk(get_resolver().url_patterns, ""):
        if name not in found or len(parameters) < len(found[name]):
            found[name] = parameters
    return {name: found[name] for name in sorted(found)}


def _walk(patterns: list[Any], namespace: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace != "admin":
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield namespace + pattern.name, tuple(pattern.pattern.converters)


def is_measurable(name: str, parameters: tuple[str, ...]) -> bool:
    """Whether the view is measured by itself."""
    return name not in LEFT_OUT and all(parameter in PARAMETERS for parameter in parameters)


def plain_addresses(name: str, parameters: tuple[str, ...]) -> list[Address]:
    """The view's address with each of the samples that its parameters are measured with."""
    count = max((len(PARAMETERS[parameter]) for parameter in parameters), default=1)
    return [_plain_address(name, parameters, place) for place in range(count)]


def _plain_address(name: str, parameters: tuple[str, ...], place: int) -> Address:
    kinds = {key: PARAMETERS[key][min(place, len(PARAMETERS[key]) - 1)] for key in parameters}
    parts = {key: kind if kind.isdigit() else f"SAMPLE-{kind}-" for key, kind in kinds.items()}
    path = reverse(name, kwargs=parts)
    return _address(path, kinds.values())


def _address(path: str, kinds: Iterable[str]) -> Address:
    """The address of a path in which ``SAMPLE-<kind>-`` stands for samples."""
    label = path
    for kind in kinds:
        label = label.replace(f"SAMPLE-{kind}-", f"<{kind.replace('_', ' ')}>")
        path = path.replace(f"SAMPLE-{kind}-", f"{{{kind}}}")
    return Address(label, path)


def page_addresses(client: Client, samples: dict[str, str]) -> Iterator[Address]:
    """Every page of the site that answers a GET; lists with each filter, first page and deep in history."""
    for name, parameters in views().items():
        if not is_measurable(name, parameters):
            continue
        for address in plain_addresses(name, parameters):
            response = client.get(address.on(samples))
            if response.status_code != 200:
                continue  # a POST-only verb, a fragment that only some runs have
            yield address
            for query in ("", *FILTERS.get(name, ())):
                yield from _variants(address, query, is_list=has_pager(response))


def has_pager(response: Any) -> bool:
    """Whether this page is a list that goes on."""
    return response.context is not None and "pager" in response.context


def _variants(address: Address, query: str, *, is_list: bool) -> Iterator[Address]:
    if query:
        yield Address(f"{address.label}?{query}", f"{address.path}?{query}")
    if not is_list:
        return
    deep = "&".join(part for part in (query, DEEP) if part)
    yield Address(f"{address.label}?{query}{'&' if query else ''}(deep)", f"{address.path}?{deep}")


def admin_addresses(client: Client, samples: dict[str, str]) -> Iterator[Address]:
    """Every list of the admin with its filters, searches, columns and last page; and one row's pages."""
    for model, model_admin in sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label):
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        listed = reverse(f"{base}_changelist")
        response = client.get(listed)
        if response.status_code != 200:
            continue
        yield Address(listed, listed)
        sortable = model_admin.get_sortable_by(response.wsgi_request)
        for query in _admin_queries(response.context["cl"], model_admin, sortable):
            path = f"{listed}?{query.removeprefix('?')}"
            yield Address(path, _generalized(path, samples))
        yield from _row_addresses(client, base, samples)


def admin_models() -> Iterator[tuple[str, type[Model]]]:
    """``app_label_model`` and the model of each list in the admin."""
    for model in admin.site._registry:
        yield f"{model._meta.app_label}_{model._meta.model_name}", model


def _admin_queries(changelist: Any, model_admin: Any, sortable: Iterable[str]) -> Iterator[str]:
    for spec in changelist.filter_specs:
        choices = (choice for choice in spec.choices(changelist) if not choice["selected"])
        yield from (choice["query_string"] for choice in islice(choices, MOST_CHOICES))
    if model_admin.search_fields:
        yield from ("q=Synthetic+0001", "q={newest_run_start}", "q=no+such+thing")
    if changelist.paginator.num_pages > 1:
        yield f"p={{pages_{changelist.opts.app_label}_{changelist.opts.model_name}}}"
    for place, column in enumerate(changelist.list_display):
        if column in sortable and changelist.get_ordering_field(column):
            yield f"o={place}"


def _row_addresses(client: Client, base: str, samples: dict[str, str]) -> Iterator[Address]:
    """The pages of one row that are there: looked at, deleted, its history."""
    kind = f"row_{base.removeprefix('admin:')}"
    for page in ("change", "delete", "history") if kind in samples else ():
        address = _address(reverse(f"{base}_{page}", args=[f"SAMPLE-{kind}-"]), [kind])
        if client.get(address.on(samples)).status_code == 200:
            yield address


def _generalized(path: str, samples: dict[str, str]) -> str:
    """The path with the ids of one installation replaced by their names in braces."""
    for name, value in samples.items():
        if len(value) == ID_LENGTH:
            path = path.replace(value, f"{{{name}}}")
    return path
