"""YAML text to plain data, every value with its place; safe against hostile text.

Works on the stream of parser events: depth and size are refused before anything recursive sees them, and what
an alias stands for is counted before it is copied (BEHAVIOUR, App spec: 1 MiB, depth 50, 10,000 nodes).
"""

from dataclasses import dataclass, field
from typing import Any

import yaml

from app_manager.spec.encoding import check_text
from app_manager.spec.lines import Lines
from app_manager.spec.nodes import Composer, Node
from app_manager.spec.problem import Finding, Path, Problem, SpecError, clipped, path_text
from app_manager.spec.syntax import syntax_problem

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it


@dataclass(slots=True)
class Document:
    """Plain data of a spec, and where each key and value stands."""

    lines: Lines
    data: Any = None
    problems: list[Problem] = field(default_factory=list)
    _values: dict[Path, int] = field(default_factory=dict)
    _keys: dict[Path, int] = field(default_factory=dict)

    def problem(self, finding: Finding) -> Problem:
        """The finding with its line and column; what is missing is reported where it should stand."""
        places = self._keys if finding.on_key else self._values
        at = finding.path
        while at and at not in places:
            at = at[:-1]
        return self._at(places.get(at, self._values.get((), 0)), finding.path, finding.sentence)

    def add(self, node: Node, path: Path = ()) -> Any:
        """Plain data of a node, with the places below `path` recorded. Nodes are at most 50 deep."""
        self._values[path] = node.at
        if node.complaint:
            self._complain(node.at, path, node.complaint)
        if node.kind == "mapping":
            return self._mapping(node, path)
        if node.kind == "list":
            return [self.add(item, (*path, index)) for index, item in enumerate(node.children)]
        return node.value

    def _mapping(self, node: Node, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in zip(node.children[::2], node.children[1::2], strict=True):
            sentence = _key_complaint(key)
            if sentence or not isinstance(key.value, str):
                self._complain(key.at, path, sentence)
                continue
            inner = (*path, key.value)
            if key.value in data:
                line, _column = self.lines.place(self._keys[inner])
                sentence = f"the key `{clipped(key.value)}` is already given on line {line}"
                self._complain(key.at, inner, sentence)
                continue
            self._keys[inner] = key.at
            data[key.value] = self.add(value, inner)
        return data

    def _complain(self, index: int, path: Path, sentence: str) -> None:
        self.problems.append(self._at(index, path, sentence))

    def _at(self, index: int, path: Path, sentence: str) -> Problem:
        return Problem(*self.lines.place(index), path_text(path), sentence)


def read_document(text: str) -> Document:
    """Parse one YAML document. SpecError if it cannot be read; lesser problems are in `problems`."""
    text = check_text(text)
    document = Document(Lines(text))
    composer = Composer()
    try:
        for event in yaml.parse(text, Loader=_Loader):
            composer.feed(event)
            if composer.refusal:
                break
    except yaml.YAMLError as error:
        composer.refuse(*syntax_problem(error, text))
    if composer.refusal:
        index, sentence = composer.refusal
        raise SpecError([Problem(*document.lines.place(index), "", sentence)])
    if composer.root is not None:
        document.data = document.add(composer.root)
    return document


def _key_complaint(key: Node) -> str:
    if key.kind != "scalar":
        return "a key must be text, not a list or a mapping"
    if key.complaint:
        return key.complaint
    if key.merge:
        return "merge keys (`<<`) are not read here: write out the keys that it stands for"
    if isinstance(key.value, str):
        return ""
    if not key.text:
        return "a key is missing before the colon"
    return f"a key must be text: put `{clipped(key.text)}` in quotes"
