"""Merges without a work tree, made by git in a quarantine in front of a clone's objects."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from cockpit.backends.git_conversation import Conversation
from cockpit.backends.git_errors import last_words
from cockpit.backends.git_runner import Clone, Finished, GitRunner
from cockpit.backends.git_trees import Quarantine, Trees
from cockpit.errors import CockpitError

_LATER_THAN_ANY_COMMIT = 4_102_444_800
"""The date of made-up commits, in 2100. git looks for a merge base from the newest commit on: one
that were older than its peer would have it walk through the history between the two."""
_ATTRIBUTES = ".gitattributes"
MERGES = ("merge-tree", "--write-tree", "--stdin")
_WORTH_A_PROCESS = 16
"""Merges for which one more process is started."""
_WORTH_A_PACK = 4
_KINDS = {b"commit": 1, b"tree": 2, b"blob": 3}
"""As packs number them."""
_USAGE = 129
_STAGE = re.compile(rb"(\d{6}) ([0-9a-f]+) ([123])\t(.*)", re.DOTALL)
_FILE = re.compile(rb":\d{6} 100\d{3} [0-9a-f]+ ([0-9a-f]+) \w+\0([^\0]*)\0")


class Staged(msgspec.Struct, frozen=True):
    """One version of a file in conflict."""

    mode: str
    blob: str

    @property
    def is_text_file(self) -> bool:
        """Whether it is a file, and so may have lines to compare."""
        return self.mode.startswith("100")


class Note(msgspec.Struct, frozen=True):
    """One thing that git says about a merge."""

    paths: tuple[str, ...]
    kind: str
    text: str


class Merged(msgspec.Struct, frozen=True):
    """What a merge came to."""

    clean: bool
    tree: str
    """With git's conflict marks in its files where it is not clean."""
    stages: Mapping[str, Mapping[int, Staged]]
    """Of files in conflict: 1 the base's version, 2 ours, 3 theirs."""
    notes: tuple[Note, ...]


class Broken(msgspec.Struct, frozen=True):
    """A merge that git could not make."""

    why: str


class MergeRoom:
    """A clone with a quarantine before it, in which commits and trees are made up and merged.

    A three-way merge of given trees is had from `merge-tree --write-tree`, which takes commits and
    looks for their merge base itself, by a commit made up for the purpose: with the branch's tree
    and the base for its parent, so that the base is the only merge base there can be.
    `merge-tree --merge-base` needs git 2.40.
    """

    def __init__(
        self, git: GitRunner, clone: Clone, quarantine: Quarantine, variables: Mapping[str, str]
    ) -> None:
        self._git = git
        self._clone = clone
        self._objects = Path(quarantine.variables["GIT_OBJECT_DIRECTORY"])
        self._work_tree = quarantine.folder / "tree"
        self._work_tree.mkdir()
        self._variables = {**variables, **quarantine.variables}
        self._attributes = b""
        self._trees = Trees(git, self._variables)
        self._made: set[str] = set()
        self._unwritten: dict[str, tuple[bytes, bytes]] = {}

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """What a command printed; raises what its failure means."""
        finished = self.attempt(*arguments, stdin=stdin)
        if finished.status != 0:
            raise self._git.failure(self._clone, finished)
        return finished.output

    def attempt(self, *arguments: str, stdin: bytes = b"") -> Finished:
        """Run a command whose failure the caller reads."""
        self.write_out()
        return self._git.attempt(
            self._clone, *self._here(*arguments), stdin=stdin, variables=self._variables
        )

    def contents(self, objects: Sequence[str]) -> dict[str, bytes]:
        """What is in these objects of the clone or the quarantine."""
        return self._trees.contents(self._clone, objects)

    def commit(self, tree: str, parents: Sequence[str]) -> str:
        """Make up a commit."""
        who = f"nobody <> {_LATER_THAN_ANY_COMMIT} +0000"
        headers = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        headers += [f"author {who}", f"committer {who}"]
        return self._make(b"commit", "\n".join([*headers, "", ""]).encode(), like=tree)

    def blob(self, content: bytes, *, like: str) -> Staged:
        """Make up a file."""
        return Staged("100644", self._make(b"blob", content, like=like))

    def tree_of(self, name: bytes, file: Staged) -> str:
        """Make up a tree of one file."""
        return self._make(b"tree", _entry(name, file), like=file.blob)

    def tree(self, files: Sequence[Staged | None] = (), *, like: str) -> str:
        """Make up a tree of files that are called by their place in the list.

        `like` is an object whose format its name is in.
        """
        width = len(str(len(files)))
        entries = [
            _entry(b"%0*d" % (width, number), staged)
            for number, staged in enumerate(files)
            if staged is not None
        ]
        return self._make(b"tree", b"".join(entries), like=like)

    def take_attributes(self, tree: str) -> None:
        """Merge from now on by the `.gitattributes` that a work tree of this tree would have.

        They decide on binary files and merge drivers, and git does not read them in a bare
        repository.
        """
        empty = self.tree(like=tree)
        listed = self.run(
            *("--glob-pathspecs", "diff-tree", "-r", "-z", "--raw", "--no-renames"),
            *("--no-abbrev", "--diff-filter=A", empty, tree, "--", f"**/{_ATTRIBUTES}"),
        )
        if listed == self._attributes:
            return
        self._attributes = listed
        for old in self._work_tree.rglob(_ATTRIBUTES):
            old.unlink()
        found = _FILE.findall(listed)
        contents = self.contents([blob.decode() for blob, _ in found])
        for blob, path in found:
            file = self._work_tree / path.decode("utf-8", "surrogateescape")
            if ".." in file.parts:
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(contents[blob.decode()])

    def merge(self, pairs: Sequence[tuple[str, str]]) -> list[Merged | Broken]:
        """Merge pairs of commits, ours and theirs; many are shared out to a process a processor."""
        lots = max(min(os.cpu_count() or 1, len(pairs) // _WORTH_A_PROCESS), 1)
        shares = [pairs[lot::lots] for lot in range(lots)]
        results: list[list[Merged | Broken]] = [[] for _ in shares]
        self.write_out()
        while open_lots := [lot for lot in range(lots) if len(results[lot]) < len(shares[lot])]:
            left = [shares[lot][len(results[lot]) :] for lot in open_lots]
            asked = ["".join(f"{ours} {theirs}\n" for ours, theirs in lot) for lot in left]
            finished = self._git.attempt_each(
                self._clone,
                *self._here(*MERGES),
                stdins=[text.encode() for text in asked],
                variables=self._variables,
            )
            for lot, one in zip(open_lots, finished, strict=True):
                results[lot] += _results(one, len(shares[lot]) - len(results[lot]))
        in_turn = [iter(lot) for lot in results]
        return [next(in_turn[number % lots]) for number in range(len(pairs))]

    def conversation(self, *arguments: str) -> AbstractContextManager[Conversation]:
        """A command of this room that is spoken with."""
        self.write_out()
        return self._git.conversation(
            self._clone, *self._here(*arguments), variables=self._variables
        )

    def write_out(self) -> None:
        """Put what was made up into the quarantine: many objects as one pack, a few one by one."""
        made, self._unwritten = self._unwritten, {}
        if len(made) > _WORTH_A_PACK:
            pack = packed(list(made.values()), like=next(iter(made)))
            self.run("index-pack", "--stdin", stdin=pack)
            return
        for name, (kind, content) in made.items():
            file = self._objects / name[:2] / name[2:]
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(kind + b" %d\0" % len(content) + content, 1))

    def _here(self, *arguments: str) -> tuple[str, ...]:
        """A command in a work tree of nothing but the branch's attributes."""
        return ("-C", str(self._work_tree), "--work-tree=.", *arguments)

    def _make(self, kind: bytes, content: bytes, *, like: str) -> str:
        """Name an object by git's rules, and write it before the next command runs."""
        data = kind + b" %d\0" % len(content) + content
        name = _digest(like, data).hexdigest()
        if name not in self._made:
            self._made.add(name)
            self._unwritten[name] = (kind, content)
        return name


@contextlib.contextmanager
def merge_room(git: GitRunner, clone: Clone, variables: Mapping[str, str]) -> Iterator[MergeRoom]:
    """A room for merges, which is gone with all that was made in it however it is left."""
    with Trees(git, variables).quarantine(clone) as quarantine:
        yield MergeRoom(git, clone, quarantine, variables)


def _entry(name: bytes, file: Staged) -> bytes:
    return b"100644 " + name + b"\0" + bytes.fromhex(file.blob)


def _results(finished: Finished, expected: int) -> Iterator[Merged | Broken]:
    """What one process came to, and why it went no further if it did not."""
    if finished.status == _USAGE:
        raise CockpitError(
            "This git cannot merge without a work tree",
            "`git merge-tree --write-tree` came with git 2.38",
            "install git 2.39 or newer",
        )
    found = list(read_merges(finished.output))
    yield from found
    if len(found) < expected:
        yield Broken(last_words(finished.errors))


def packed(objects: Sequence[tuple[bytes, bytes]], *, like: str) -> bytes:
    """A pack of objects, each its kind and content; a file for each would cost like its merge."""
    parts = [b"PACK", (2).to_bytes(4, "big"), len(objects).to_bytes(4, "big")]
    for kind, content in objects:
        left, size = _KINDS[kind] << 4 | len(content) & 15, len(content) >> 4
        while size:
            parts.append(bytes([left | 128]))
            left, size = size & 127, size >> 7
        parts += [bytes([left]), zlib.compress(content, 1)]
    pack = b"".join(parts)
    return pack + _digest(like, pack).digest()


def _digest(like: str, data: bytes) -> hashlib._Hash:
    return hashlib.sha256(data) if len(like) == 64 else hashlib.sha1(data)  # noqa: S324


def read_merges(output: bytes) -> Iterator[Merged]:
    """The whole merges in what `merge-tree --stdin` printed; it ends early where git failed."""
    words = iter(output.split(b"\0")[:-1])
    with contextlib.suppress(StopIteration):
        while True:
            yield read_merge(words.__next__)


def read_merge(word: Callable[[], bytes]) -> Merged:
    """The next merge of what `merge-tree --stdin` prints, word by word."""
    clean = word() == b"1"
    tree = word().decode()
    if clean:
        word()
        return Merged(True, tree, {}, ())
    stages: dict[str, dict[int, Staged]] = {}
    while staged := _STAGE.fullmatch(word()):
        mode, blob, stage, path = staged.groups()
        versions = stages.setdefault(path.decode("utf-8", "surrogateescape"), {})
        versions[int(stage)] = Staged(mode.decode(), blob.decode())
    notes = []
    while (count := word()).isdigit():  # advice on submodules may stand where nothing should
        paths = [word().decode("utf-8", "surrogateescape") for _ in range(int(count))]
        kind, text = [word().decode("utf-8", "replace") for _ in range(2)]
        notes.append(Note(tuple(paths), kind, text.strip()))
    return Merged(False, tree, stages, tuple(notes))
