"""Sentences for text that is not YAML at all."""

from typing import Any

import yaml

_ANCHOR = "this is not the name of an anchor or alias: put it in quotes if it is text"
_SENTENCES = (
    ("mapping values are not allowed", "a colon cannot stand here: quote the text, or check the indentation"),
    ("expected ':'", "this is not `key: value`: the colon is missing, or the line is indented wrongly"),
    ("unknown escape character", "an unknown escape: double the backslash, or use single quotes"),
    ("escape", "an incomplete escape: double the backslash, or use single quotes"),
    ("undefined tag handle", "a tag of this kind is not allowed: write a plain value"),
    ("expected key", "the indentation does not fit the lines above"),
    ("<block end>", "the indentation does not fit the lines above"),
    ("block entries", "a list cannot start here: start it on a line of its own"),
    ("block sequence entries", "a list cannot start here: start it on a line of its own"),
    ("indentation", "the indentation does not fit the lines above"),
    ("anchor", _ANCHOR),
    ("alphabetic or numeric", _ANCHOR),
    ("document start", "this does not belong to the value before it: check the indentation"),
    ("directive", "YAML directives (lines that start with %) are not allowed: take the line out"),
)


def syntax_problem(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """Index in the text and a sentence for an error of the YAML parser."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return 0, "this is not YAML"
    problem, context = error.problem or "", error.context or ""
    at = mark_index(error.problem_mark or error.context_mark)
    start = mark_index(error.context_mark) if error.context_mark else at
    if "\t" in text[at : at + 1] or "tab" in problem:
        return at, "a tab cannot be used for indentation: use spaces"
    if "cannot start any token" in problem:
        return at, f"a value cannot start with `{text[at : at + 1]}`: put it in quotes"
    if "quoted" in context and "unexpected" in problem:
        return start, "this quote is not closed"
    if "flow" in context:
        return start, "this bracket is not closed, or a comma is missing in it"
    known = (sentence for words, sentence in _SENTENCES if words in problem)
    return at, next(known, "this is not valid YAML here: put the text in quotes, or check the indentation")


def mark_index(mark: Any) -> int:
    """Index of a mark in the text; both parsers of PyYAML have marks, of types of their own."""
    return int(mark.index) if mark else 0
