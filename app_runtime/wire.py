"""Rows of this package as the records that leave the program."""

from pydantic import TypeAdapter, ValidationError

from app_runtime.contracts import EntryRecord, OddEntry, RunRecord
from app_runtime.models import Entry, Run
from halo_site.store.rows import row_values

_ENTRY: TypeAdapter[EntryRecord] = TypeAdapter(EntryRecord)


def run_record(run: Run) -> RunRecord:
    """The run with its entries, oldest first (one query, and one for its app where that is not loaded).

    Raises `ValueError` for a row with words that are none of ours.
    """
    entries = Entry.objects.filter(run_id=run.run_id).order_by("ts", "id")
    values = {**row_values(run), "app_name": run.app.name}
    return RunRecord(**values, entries=[entry_record(entry) for entry in entries])


def entry_record(entry: Entry) -> EntryRecord | OddEntry:
    """The entry as its type documents it, or as an odd one that says what is wrong with it."""
    values = row_values(entry)
    try:
        return _ENTRY.validate_python(values)
    except ValidationError as error:
        return OddEntry(**values, problem=_first_sentence(error))


def _first_sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    _type, *place = first["loc"] or ("", "type")
    return f"{'.'.join(map(str, place))}: {first['msg']}"
