"""A tree of YAML nodes out of parser events, within limits."""

from dataclasses import dataclass, field
from typing import Literal

import yaml

from app_manager.spec.problem import clipped
from app_manager.spec.scalars import Scalar, ScalarError, checked_text, plain_value, shown_tag, tagged_value
from app_manager.spec.syntax import mark_index

MAX_DEPTH = 50
MAX_NODES = 10_000  # after aliases are expanded

_COLLECTION_TAGS = {
    "list": (None, "!", "tag:yaml.org,2002:seq"),
    "mapping": (None, "!", "tag:yaml.org,2002:map"),
}


@dataclass(slots=True)
class Node:
    """A scalar, a list, or a mapping whose children are key, value, key, value, …"""

    at: int  # index in the text
    kind: Literal["scalar", "list", "mapping"]
    value: Scalar = None
    text: str = ""
    complaint: str = ""
    merge: bool = False
    size: int = 1  # nodes that this one stands for, itself included
    height: int = 0  # levels of lists and mappings
    children: list["Node"] = field(default_factory=list)


class Composer:
    """Builds `root` out of the events it is fed; `refusal` is an index and a sentence when it must stop."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.refusal: tuple[int, str] | None = None
        self._open: list[Node] = []
        self._anchors: dict[str, Node] = {}
        self._total = 0
        self._documents = 0

    def refuse(self, index: int, sentence: str) -> None:
        """Stop here; the first refusal counts."""
        self.refusal = self.refusal or (index, sentence)

    def feed(self, event: yaml.Event) -> None:
        """Take one event of the parser."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._start_document(event)
        elif isinstance(event, yaml.ScalarEvent):
            self._attach(_scalar(event), event.anchor)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._start(_collection(event, "list"), event.anchor)
        elif isinstance(event, yaml.MappingStartEvent):
            self._start(_collection(event, "mapping"), event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)

    def _start_document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self.refuse(mark_index(event.start_mark), "a second document starts here: a spec is one document")

    def _start(self, node: Node, anchor: str | None) -> None:
        if len(self._open) >= MAX_DEPTH:
            self.refuse(node.at, f"this is nested more than {MAX_DEPTH} levels deep")
        else:
            self._attach(node, anchor)
            self._open.append(node)

    def _end(self) -> None:
        node = self._open.pop()
        node.size = 1 + sum(child.size for child in node.children)
        node.height = 1 + max((child.height for child in node.children), default=0)

    def _alias(self, event: yaml.AliasEvent) -> None:
        index, name = mark_index(event.start_mark), event.anchor or ""
        node = self._anchors.get(name)
        if node is None:
            self.refuse(index, f"the alias `*{clipped(name)}` has no anchor: put it in quotes if it is text")
        elif any(node is parent for parent in self._open):
            self.refuse(index, f"the alias `*{clipped(name)}` stands inside the value that it repeats")
        elif len(self._open) + node.height > MAX_DEPTH:
            self.refuse(index, f"this alias nests the spec more than {MAX_DEPTH} levels deep")
        else:
            self._attach(node, None)

    def _attach(self, node: Node, anchor: str | None) -> None:
        self._total += node.size
        if self._total > MAX_NODES:
            sentence = f"the spec has more than {MAX_NODES:,} values; aliases count for what they repeat"
            self.refuse(node.at, sentence)
        if anchor:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].children.append(node)
        elif self.root is None:
            self.root = node


def _scalar(event: yaml.ScalarEvent) -> Node:
    node = Node(mark_index(event.start_mark), "scalar", text=event.value)
    plain, _quoted = event.implicit
    try:
        if event.tag:
            node.value = tagged_value(event.tag, event.value)
        elif plain:
            node.value = plain_value(event.value)
            node.merge = event.value == "<<"
        else:
            node.value = checked_text(event.value)
    except ScalarError as error:
        node.complaint = str(error)
    return node


def _collection(event: yaml.CollectionStartEvent, kind: Literal["list", "mapping"]) -> Node:
    node = Node(mark_index(event.start_mark), kind)
    if event.tag not in _COLLECTION_TAGS[kind]:
        node.complaint = f"the tag `{shown_tag(event.tag)}` is not allowed: write a plain value"
    return node
