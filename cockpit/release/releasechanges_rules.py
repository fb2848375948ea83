"""Release-only changes applied: bytes in, bytes out, and equal input gives equal output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from fnmatch import fnmatchcase
from typing import assert_never

import msgspec

from cockpit.release.releasechanges import (
    AnyChange,
    PinImages,
    PinObjects,
    PureChange,
    References,
    Replace,
    Script,
    SetVersion,
    TemplateArgument,
    Write,
)
from cockpit.release.releasechanges_edits import (
    Impossible,
    assigned,
    bumped,
    calls,
    pinned_to,
    replaced,
    versioned,
    with_argument,
)
from cockpit.release.repos import DockerPin
from cockpit.release.rewrites import Rewritten, applies_to, rewrite_all
from cockpit.release.versions import Line, Version
from cockpit.release.words import counted

_WORKFLOWS = ".github"


class Surroundings(msgspec.Struct, frozen=True):
    """What the changes of one repository refer to."""

    version: Version
    branch: str
    """The release branch."""
    infra_branch: str
    """The branch of test-infra that workflows follow."""
    own: frozenset[str]
    """Repositories (`owner/name`) that have a branch of that name."""
    version_file: str | None = None
    docker_pin: DockerPin | None = None
    docker_tree: str | None = None
    """The tree of the pin's folder at the base; None when there is none."""
    object_versions: dict[str, str] = {}
    """The newest version of objects of buckets, by `bucket/key`, as far as they are known."""

    def filled(self, text: str) -> str:
        """A text with what it names put in."""
        values = {"line": self.version.line, "version": self.version, "branch": self.branch}
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text


class Effect(Enum):
    """What a change came to."""

    CHANGED = "changed"
    ALREADY = "in place already"
    IMPOSSIBLE = "impossible"


class Applied(msgspec.Struct, frozen=True):
    """One change, applied to the files of one commit."""

    title: str
    effect: Effect
    changes: tuple[Rewritten, ...] = ()
    problem: str = ""
    """Why it is impossible: what it looks for is not there."""

    def describe(self) -> str:
        """One line for the plan."""
        match self.effect:
            case Effect.CHANGED:
                return f"{self.title}: {counted(len(self.changes), 'file')}"
            case Effect.ALREADY:
                return f"{self.title}: {self.effect.value}"
            case Effect.IMPOSSIBLE:
                return f"{self.title}: {self.problem}"
            case _:
                assert_never(self.effect)


def title_of(change: AnyChange, around: Surroundings) -> str:
    """What a change does, in words."""
    match change:
        case References():
            return f"workflows follow {around.infra_branch}"
        case TemplateArgument():
            return f"{change.call} gets {change.argument}"
        case Replace():
            return f"{change.file} has “{around.filled(change.new)}” for “{change.old}”"
        case Write():
            return f"{change.file} says {around.filled(change.text)}"
        case SetVersion():
            return f"{around.version_file or 'the version file'} says {around.version}"
        case PinImages():
            return "builder images are pinned"
        case PinObjects():
            return f"{change.file} names versions of {', '.join(change.objects)}"
        case Script():
            return f"{change.file} has run"
        case _:
            assert_never(change)


def needed_paths(change: PureChange, around: Surroundings) -> tuple[str, ...]:
    """Files and folders that a change looks into."""
    match change:
        case References():
            return (_WORKFLOWS,)
        case TemplateArgument():
            return (change.files.partition("*")[0].rpartition("/")[0],)
        case Replace() | Write() | PinObjects():
            return (change.file,)
        case SetVersion():
            return (around.version_file,) if around.version_file else ()
        case PinImages():
            return (around.docker_pin.file,) if around.docker_pin else ()
        case _:
            assert_never(change)


def apply(change: PureChange, files: Mapping[str, bytes], around: Surroundings) -> Applied:
    """Apply one change to the files it needs; nothing that it looks for makes it impossible."""
    title = title_of(change, around)
    match change:
        case References():
            return _references(title, change, files, around)
        case TemplateArgument():
            return _template_argument(title, change, files)
        case Replace():
            old, new = change.old.encode(), around.filled(change.new).encode()
            return _edited(title, files, change.file, lambda text: replaced(text, old, new))
        case Write():
            line = around.filled(change.text).encode() + b"\n"
            return _edited(title, files, change.file, lambda _: line)
        case SetVersion():
            return _edited(
                title, files, around.version_file, lambda text: versioned(text, around.version)
            )
        case PinImages():
            return _pinned(title, files, around)
        case PinObjects():
            return _objects_pinned(title, change, files, around)
        case _:
            assert_never(change)


def bump(title: str, files: Mapping[str, bytes], path: str | None, line: Line) -> Applied:
    """The trunk's version file names the line that follows; done when it names any later one."""
    return _edited(title, files, path, lambda text: bumped(text, line))


def _edited(
    title: str, files: Mapping[str, bytes], path: str | None, edit: Callable[[bytes], bytes]
) -> Applied:
    if path is None:
        return Applied(title, Effect.IMPOSSIBLE, problem="release.toml names no version_file")
    before = files.get(path)
    if before is None:
        return Applied(title, Effect.IMPOSSIBLE, problem=f"there is no {path}")
    try:
        after = edit(before)
    except Impossible as impossible:
        return Applied(title, Effect.IMPOSSIBLE, problem=str(impossible))
    if after == before:
        return Applied(title, Effect.ALREADY)
    return Applied(title, Effect.CHANGED, (Rewritten(path, before, after),))


def _references(
    title: str, change: References, files: Mapping[str, bytes], around: Surroundings
) -> Applied:
    changes = rewrite_all(change.rules, files, around.infra_branch, own=around.own)
    if changes:
        return Applied(title, Effect.CHANGED, changes)
    target = around.infra_branch.encode()
    if any(applies_to(change.rules, path) and target in text for path, text in files.items()):
        return Applied(title, Effect.ALREADY)
    problem = f"{change.rules.value} found no reference to main, nor one to {around.infra_branch}"
    return Applied(title, Effect.IMPOSSIBLE, problem=problem)


def _template_argument(title: str, change: TemplateArgument, files: Mapping[str, bytes]) -> Applied:
    depth = change.files.count("/")
    matching = {
        path: text
        for path, text in sorted(files.items())
        if path.count("/") == depth and fnmatchcase(path, change.files)
    }
    call, argument = change.call.encode(), change.argument.encode()
    if not any(calls(text, call) for text in matching.values()):
        problem = f"no file {change.files} calls {change.call}"
        return Applied(title, Effect.IMPOSSIBLE, problem=problem)
    changes = tuple(
        Rewritten(path, text, after)
        for path, text in matching.items()
        if (after := with_argument(text, call, argument)) != text
    )
    return Applied(title, Effect.CHANGED if changes else Effect.ALREADY, changes)


def unpinned(change: PinObjects, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """The objects whose version has to be known, since the file names none of theirs yet."""
    text = files.get(change.file, b"")
    return tuple(key for key in change.objects if not _is_pinned(text, key))


def _is_pinned(text: bytes, key: str) -> bool:
    try:
        return pinned_to(text, key, None) == text
    except Impossible:
        return False


def _objects_pinned(
    title: str, change: PinObjects, files: Mapping[str, bytes], around: Surroundings
) -> Applied:
    def edit(text: bytes) -> bytes:
        for key in change.objects:
            text = pinned_to(text, key, around.object_versions.get(f"{change.bucket}/{key}"))
        return text

    return _edited(title, files, change.file, edit)


def _pinned(title: str, files: Mapping[str, bytes], around: Surroundings) -> Applied:
    pin, tree = around.docker_pin, around.docker_tree
    if pin is None:
        return Applied(title, Effect.IMPOSSIBLE, problem="release.toml names no docker_pin")
    if tree is None:
        return Applied(title, Effect.IMPOSSIBLE, problem=f"there is no folder {pin.folder}")
    title = f"{pin.constant} is the tree of {pin.folder}, {tree[:10]}"
    return _edited(title, files, pin.file, lambda text: assigned(text, pin.constant, tree))
