"""What the author of the release scripts meant: our branch references, wherever they stand.

A file is parsed, so that comments, prose and scripts are never taken for references. The parser
only tells where a reference ends; the bytes around it stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

import msgspec

from cockpit.release.rewrites.positions import Mapping, Scalar, Unreadable, Value, mappings

_MAIN = b"main"
_TEST_INFRA_REF = "test-infra-ref"
_MAIN_BRANCH = re.compile(r"(?:refs/heads/)?main")
_USES = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(?:/[^@]*)?@(?P<ref>\S+)")


class Construct(Enum):
    """The part of a workflow that names a branch."""

    USES = "uses"
    """An action or a reusable workflow at a ref."""
    CHECKOUT = "checkout"
    """The `ref` given to an action or a reusable workflow, beside its `repository`."""
    TEST_INFRA = "test-infra"
    """The `test-infra-ref` that is passed on, or the default of an input of that name."""
    INPUT = "input"
    """The default of any other input."""


class BranchUse(msgspec.Struct, frozen=True):
    """One place where a workflow names a branch."""

    construct: Construct
    repository: str | None
    """`owner/name` as written; None when the workflow does not say."""
    ref: str
    end: int
    """Offset in bytes behind the ref."""

    @property
    def at_main(self) -> bool:
        """Whether the ref is `main`, by name."""
        return _MAIN_BRANCH.fullmatch(self.ref) is not None

    def is_ours(self, own: frozenset[str]) -> bool:
        """Whether the branch is one of `own` (`owner/name`; GitHub ignores case) or test-infra."""
        if self.construct is Construct.TEST_INFRA:
            return True
        return (self.repository or "").lower() in {name.lower() for name in own}


def point_at(content: bytes, ref: bytes, own: frozenset[str]) -> bytes:
    """Every reference of ours to `main` now to `ref`; a file that is not YAML stays as it is."""
    try:
        uses = branch_uses(content)
    except Unreadable:
        return content
    ends = {use.end for use in uses if use.at_main and use.is_ours(own)}
    for end in sorted(ends, reverse=True):
        start = end - len(_MAIN)
        if content[start:end] == _MAIN:  # not so when the value is written with escapes
            content = content[:start] + ref + content[end:]
    return content


def branch_uses(content: bytes) -> tuple[BranchUse, ...]:
    """Every place where a workflow or a composite action names a branch; raises Unreadable."""
    if _MAIN not in content and _TEST_INFRA_REF.encode() not in content:
        return ()  # most files: parsing them takes long
    return tuple(use for mapping in mappings(content) for use in _named_in(mapping))


def _named_in(mapping: Mapping) -> Iterator[BranchUse]:
    uses = _scalar(mapping, "uses")
    if uses and (found := _USES.fullmatch(uses.value)):
        yield BranchUse(Construct.USES, found["repository"], found["ref"], uses.end)
    arguments = _mapping(mapping.get("with"))
    if given := _scalar(arguments, "ref"):
        repository = _scalar(arguments, "repository")
        yield _use(Construct.CHECKOUT, given, repository.value if repository else None)
    if passed := _scalar(mapping, _TEST_INFRA_REF):
        yield _use(Construct.TEST_INFRA, passed)
    for name, declared in _mapping(mapping.get("inputs")).items():
        if default := _scalar(_mapping(declared), "default"):
            infra = name == _TEST_INFRA_REF
            yield _use(Construct.TEST_INFRA if infra else Construct.INPUT, default)


def _use(construct: Construct, named: Scalar, repository: str | None = None) -> BranchUse:
    return BranchUse(construct, repository, named.value, named.end)


def _scalar(mapping: Mapping, key: str) -> Scalar | None:
    value = mapping.get(key)
    return value if isinstance(value, Scalar) else None


def _mapping(value: Value | None) -> Mapping:
    return value if isinstance(value, dict) else {}
