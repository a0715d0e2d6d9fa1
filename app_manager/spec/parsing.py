"""`parse_spec`: YAML text to an AppSpec, or every problem in it at once."""

from dataclasses import replace

from app_manager.spec.aliases import Canonical, canonical
from app_manager.spec.appspec import AppSpec
from app_manager.spec.checks import cross_findings
from app_manager.spec.notes import notes
from app_manager.spec.problem import Finding, Problem, SpecError
from app_manager.spec.sentences import findings
from app_manager.spec.source import Document, read_document


def parse_spec(text: str) -> AppSpec:
    """The spec that `text` holds, with `warnings`. SpecError names every problem and its place."""
    document = read_document(text)
    if not isinstance(document.data, dict):
        raise _not_a_mapping(document)
    names = canonical(document.data)
    found = [*findings(AppSpec, names.data), *cross_findings(names.data)]
    problems = [
        *document.problems,
        *(document.problem(finding) for finding in names.findings),
        *(_placed(document, names, finding) for finding in found),
    ]
    if problems:
        raise SpecError(dict.fromkeys(problems))
    spec = AppSpec.model_validate(names.data)
    warnings = [_placed(document, names, note) for note in notes(spec)]
    spec._warnings = tuple(sorted(warnings, key=lambda warning: (warning.line, warning.column)))
    return spec


def _placed(document: Document, names: Canonical, finding: Finding) -> Problem:
    return document.problem(replace(finding, path=names.written(finding.path)))


def _not_a_mapping(document: Document) -> SpecError:
    if document.problems:
        return SpecError(document.problems)
    if document.data is None:
        return SpecError([document.problem(Finding((), "the spec is empty"))])
    return SpecError([document.problem(Finding((), "the spec must be a mapping of `key: value` lines"))])
