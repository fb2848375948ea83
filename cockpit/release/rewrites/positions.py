"""YAML with positions: the mappings of a workflow, and where in the file their values end."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from yaml import CollectionStartEvent, Event

_BEYOND_ASCII = bytes.maketrans(bytes(range(0x80, 0x100)), b"x" * 0x80)
"""The parser gets a letter for each of these bytes: its positions then are byte offsets, whatever
encoding the file has. No key or value that a rewrite looks for has any."""

_DEEPEST = 100
"""Collections in collections: more than any workflow has, and few enough to parse quickly."""


class Scalar(msgspec.Struct, frozen=True):
    """A single value, as the parser understands it."""

    value: str
    end: int
    """Offset in bytes behind its last character; a closing quote is not part of it."""


Value: TypeAlias = "Scalar | Mapping | list[Value]"
Mapping: TypeAlias = "dict[str, Value]"


class Unreadable(Exception):
    """A file is no workflow's YAML; `line` is where reading it ended, counted from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"not readable as YAML from line {line} on")
        self.line = line


def mappings(content: bytes) -> tuple[Mapping, ...]:
    """Every mapping of a file, however deep, an aliased one once; raises Unreadable."""
    import yaml  # 25 ms that a start which rewrites nothing need not spend

    # Events, not nodes: libyaml composes nodes by recursion, and deep nesting kills the process.
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    start = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
    text = content[start:].translate(_BEYOND_ASCII).decode("ascii")
    reader = _Reader(start)
    try:
        for event in yaml.parse(text, Loader=loader):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        raise Unreadable(error.problem_mark.line + 1 if error.problem_mark else 1) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The parser in Python lets numbers and characters out of range escape as they are.
        raise Unreadable(1) from error
    return tuple(reader.mappings)


class _Open:
    """A collection whose end has not been read, and in a mapping the key that waits."""

    def __init__(self, collection: Mapping | list[Value]) -> None:
        self.collection = collection
        self.key: str | None = None

    def add(self, value: Value) -> None:
        """The next item, key or value; a key that is no scalar has no name."""
        if isinstance(self.collection, list):
            self.collection.append(value)
        elif self.key is None:
            self.key = value.value if isinstance(value, Scalar) else ""
        else:
            self.collection[self.key] = value
            self.key = None


class _Reader:
    """Builds values from the parser's events; an anchor may contain itself."""

    def __init__(self, start: int) -> None:
        self.mappings: list[Mapping] = []
        self._start = start
        self._open: list[_Open] = []
        self._anchors: dict[str, Value] = {}

    def take(self, event: Event) -> None:
        """The next event."""
        import yaml

        match event:
            case yaml.AliasEvent(anchor=str(anchor)):
                self._add(self._anchors.get(anchor, []))
            case yaml.ScalarEvent(end_mark=mark) if mark:
                end = self._start + mark.index - (event.style in ("'", '"'))
                self._add(Scalar(str(event.value), end), event.anchor)
            case yaml.SequenceStartEvent():
                self._enter([], event)
            case yaml.MappingStartEvent():
                mapping: Mapping = {}
                self.mappings.append(mapping)
                self._enter(mapping, event)
            case yaml.CollectionEndEvent():
                self._open.pop()

    def _enter(self, collection: Mapping | list[Value], event: CollectionStartEvent) -> None:
        self._add(collection, event.anchor)
        self._open.append(_Open(collection))
        if len(self._open) > _DEEPEST:
            raise Unreadable(event.start_mark.line + 1 if event.start_mark else 1)

    def _add(self, value: Value, anchor: str | None = None) -> None:
        if anchor:
            self._anchors[anchor] = value
        if self._open:
            self._open[-1].add(value)
