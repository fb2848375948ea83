"""Trees and commits made with plumbing: no work tree, no index, and nothing left before a push."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from cockpit.backends.git_clones import Clones
from cockpit.backends.git_errors import last_words
from cockpit.backends.git_output import PushedRef, read_push
from cockpit.backends.git_runner import REMOTE, Clone, GitRunner
from cockpit.backends.ports import CommitNode, CommitRecipe
from cockpit.backends.text import clean
from cockpit.errors import AccessDenied, CockpitError, Conflict, Unreachable
from cockpit.release.commits import short
from cockpit.release.words import counted

_REGULAR_FILE = re.compile(r"100\d{3}")
_ENTRY = re.compile(rb"(?P<mode>\d+) (?P<kind>\w+) (?P<id>[0-9a-f]+)\t(?P<name>.+)", re.DOTALL)
_NOT_THE_CAUSE = "atomic push fail"
"""What an atomic push says of the refs that were rejected because of another one."""


class _Entry(msgspec.Struct, frozen=True):
    """One line of `ls-tree`."""

    mode: str
    kind: str
    id: str
    name: str
    """With surrogates for bytes that are not UTF-8."""

    @property
    def line(self) -> bytes:
        """As `mktree -z` reads it."""
        return f"{self.mode} {self.kind} {self.id}\t".encode() + _raw(self.name) + b"\0"


class _Edit(msgspec.Struct, frozen=True):
    """What becomes of one file; without a blob it goes."""

    blob: str | None = None
    mode: str | None = None
    """None keeps the mode of the file that must be there."""

    def applied(self, clone: Clone, tree: str, name: str, entry: _Entry | None) -> _Entry | None:
        """The entry of a tree afterwards."""
        if self.blob is None:
            return None if entry is None or entry.kind != "tree" else entry
        mode = self.mode or (entry.mode if entry is not None else None)
        if mode is None:
            raise CockpitError(
                f"{clone.name} has no {clean(name)} to change",
                f"its tree {short(tree)} does not hold it",
                "r reads the branches again",
            )
        return _Entry(mode, "blob", self.blob, name)


class Trees:
    """Reads files of a commit in bulk, and makes commits whose objects stay in a quarantine.

    A quarantine is an object folder of its own in front of the clone's: what is made there can be
    looked at and pushed, and is gone afterwards.
    """

    def __init__(self, git: GitRunner, variables: Mapping[str, str] | None = None) -> None:
        """`variables` join the environment of every command."""
        self._git = git
        self._variables = {"GIT_NO_REPLACE_OBJECTS": "1", **(variables or {})}

    def node(self, clone: Clone, sha: str) -> CommitNode:
        """What a commit is made of, as its own bytes say: a shallow edge has its parents too."""
        headers, _, _ = self._run(clone, "cat-file", "commit", sha).partition(b"\n\n")
        return read_node(sha, headers.decode("utf-8", "replace"))

    def files(self, clone: Clone, sha: str, folder: str) -> dict[str, bytes]:
        """The regular files below a folder, whatever their bytes; links are left out."""
        listed = _entries(self._run(clone, "ls-tree", "-r", "-z", "--full-tree", sha, "--", folder))
        files = {entry.name: entry.id for entry in listed if _REGULAR_FILE.fullmatch(entry.mode)}
        if not files:
            return {}
        blobs = sorted(set(files.values()))
        self.bring(clone, sha, blobs)
        contents = self.contents(clone, blobs)
        return {path: contents[blob] for path, blob in files.items()}

    def draft(self, clone: Clone, recipe: CommitRecipe) -> CommitNode:
        """What a recipe comes to; leaves nothing behind."""
        with self.quarantine(clone) as quarantine:
            return self.make(clone, recipe, quarantine)

    def push_new(
        self, clones: Clones, clone: Clone, refs: Mapping[str, str], recipe: CommitRecipe | None
    ) -> None:
        """Push refs that must not exist yet, all or none; a recipe's commit is made for it.

        Raises Conflict when one exists, and AccessDenied when the remote does not want them. A
        push whose answer is lost counts as done when the remote then has every ref as pushed.
        """
        with self.quarantine(clone) as quarantine:
            if recipe is not None:
                _check_made(self.make(clone, recipe, quarantine), refs)
            said, failure = self._push(clone, refs, quarantine)
        if {pushed.ref for pushed in said if pushed.flag == "*"} == set(refs):
            return
        found = clones.listed(clone, "--heads", list(refs))
        there = {ref: found[ref] for ref in refs if ref in found}
        if there == dict(refs):
            return
        causes = [pushed for pushed in said if _NOT_THE_CAUSE not in pushed.summary]
        if there or any(pushed.lost_a_race for pushed in causes):
            raise _conflict(clone, there)
        raise failure

    def push_moved(
        self,
        clones: Clones,
        clone: Clone,
        ref: str,
        make: Callable[[Quarantine], CommitNode],
        sha: str,
        found: str,
    ) -> None:
        """Point a ref at the commit that is made, from where it was found; empty stands for absent.

        Raises and counts a lost answer like `push_new`.
        """
        with self.quarantine(clone) as quarantine:
            _check_made(make(quarantine), {ref: sha})
            said, failure = self._push(clone, {ref: sha}, quarantine, found)
        if any(pushed.ref == ref and pushed.flag in " +*=" for pushed in said):
            return
        there = clones.listed(clone, "--heads", [ref]).get(ref, "")
        if there == sha:
            return
        if there != found or any(pushed.lost_a_race for pushed in said):
            raise Conflict(
                f"{clean(ref)} of {clone.name} has moved",
                f"it is {short(there) if there else 'absent'} now",
                "plan again: it looks at what is there",
            )
        raise failure

    def _push(
        self, clone: Clone, refs: Mapping[str, str], quarantine: Quarantine, found: str = ""
    ) -> tuple[tuple[PushedRef, ...], CockpitError]:
        """What the remote said of each ref, and what it means where that is not enough.

        `found` is where the refs have to be still; empty stands for absent.
        """
        try:
            finished = self._git.attempt(
                clone,
                *("push", "--porcelain", "--atomic"),
                *(f"--force-with-lease={ref}:{found}" for ref in refs),
                *("--", REMOTE),
                *(f"{sha}:{ref}" for ref, sha in refs.items()),
                variables=self._variables | quarantine.variables,
            )
        except Unreachable as err:
            return (), err
        said = read_push(finished.output)
        if said:
            return said, _refused(clone, said, finished.errors)
        return (), self._git.failure(clone, finished)

    def make(self, clone: Clone, recipe: CommitRecipe, quarantine: Quarantine) -> CommitNode:
        """Write the commit of a recipe, with all that it needs, into a quarantine."""
        variables = self._variables | quarantine.writing
        parent = self.node(clone, recipe.parent)
        edits = self._edits(clone, recipe, quarantine)
        tree = self._tree_with(clone, parent.tree, edits, variables)
        name, email = recipe.author
        who = f"{name} <{email}> {parent.committed}"
        headers = f"tree {tree}\nparent {recipe.parent}\nauthor {who}\ncommitter {who}\n"
        made = self._git.run(
            clone,
            *("hash-object", "-t", "commit", "-w", "--stdin"),
            stdin=f"{headers}\n{recipe.message}\n".encode(),
            variables=variables,
        )
        return CommitNode(made.decode().strip(), tree, (recipe.parent,), parent.committed)

    def _edits(
        self, clone: Clone, recipe: CommitRecipe, quarantine: Quarantine
    ) -> dict[str, _Edit]:
        """What becomes of each path, once the new contents are written."""
        made = {path: state for path, state in recipe.made.items() if state is not None}
        contents = recipe.files | {path: state.content for path, state in made.items()}
        blobs = self._blobs(clone, contents, quarantine)
        modes = {path: state.mode for path, state in made.items()}
        edits = {path: _Edit(blob, modes.get(path)) for path, blob in blobs.items()}
        return edits | {path: _Edit() for path in recipe.made.keys() - made.keys()}

    def _blobs(
        self, clone: Clone, files: Mapping[str, bytes], quarantine: Quarantine
    ) -> dict[str, str]:
        """Write contents in one process; gives path → blob."""
        if not files:
            return {}
        drafts = [quarantine.folder / f"{number}.draft" for number in range(len(files))]
        for draft, content in zip(drafts, files.values(), strict=True):
            draft.write_bytes(content)
        written = self._git.run(
            clone,
            *("hash-object", "-w", "--no-filters", "--stdin-paths"),
            stdin="".join(f"{draft}\n" for draft in drafts).encode(),
            variables=self._variables | quarantine.writing,
        )
        return dict(zip(files, written.decode().split(), strict=True))

    def _tree_with(
        self, clone: Clone, tree: str, edits: Mapping[str, _Edit], variables: Mapping[str, str]
    ) -> str:
        """A tree with some of its files edited, from nothing where it is empty, and back.

        All other modes and names stay.
        """
        below: dict[str, dict[str, _Edit]] = {}
        for path, edit in edits.items():
            first, _, rest = path.partition("/")
            below.setdefault(first, {})[rest] = edit
        listed = self._run(clone, "ls-tree", "-z", tree) if tree else b""
        entries = {entry.name: entry for entry in _entries(listed)}
        for name, within in below.items():
            entry = entries.pop(name, None)
            if "" in within:
                entry = within.pop("").applied(clone, tree, name, entry)
            if within:
                entry = self._folder_with(clone, name, entry, within, variables)
            if entry is not None:
                entries[name] = entry
        if not entries:
            return ""
        lines = b"".join(entry.line for entry in entries.values())
        made = self._git.run(clone, "mktree", "-z", "--missing", stdin=lines, variables=variables)
        return made.decode().strip()

    def _folder_with(
        self,
        clone: Clone,
        name: str,
        entry: _Entry | None,
        edits: Mapping[str, _Edit],
        variables: Mapping[str, str],
    ) -> _Entry | None:
        """A folder with some of its files edited; None when nothing is left in it."""
        folder = entry is not None and entry.kind == "tree"
        before = entry.id if entry is not None and folder else ""
        after = self._tree_with(clone, before, edits, variables)
        if not after:
            return None if folder else entry
        return _Entry("040000", "tree", after, name)

    def bring(self, clone: Clone, sha: str, blobs: Sequence[str] | None = None) -> None:
        """Fetch at once what a partial clone lacks of these files, else of all of a commit's.

        git would fetch them one by one.
        """
        missing = self._missing(clone, f"{sha}^{{tree}}")
        lacking = sorted(missing if blobs is None else missing.intersection(blobs))
        if not lacking:
            return
        if not clone.remote:
            raise CockpitError(
                f"{clone.name} is a partial clone",
                f"it lacks {counted(len(lacking), 'file')} of {short(sha)} that are needed",
                "git fetch --refetch --no-filter brings them, or use a whole clone",
            )
        self._fetch(clone, lacking)

    def bring_for_merges(self, clone: Clone, commits: Sequence[str]) -> None:
        """Fetch at once what a partial clone lacks of commits and their parents."""
        asked = [name for sha in dict.fromkeys(commits) for name in (sha, f"{sha}^@")]
        lacking = sorted(self._missing(clone, *asked))
        if lacking:
            self._fetch(clone, lacking)

    def _missing(self, clone: Clone, *revisions: str) -> set[str]:
        """The objects that a clone lacks of these trees and commits, histories left out."""
        listed = self._run(
            clone,
            *("rev-list", "--objects", "--missing=print", "--no-walk", "--stdin"),
            stdin="".join(f"{revision}\n" for revision in revisions).encode(),
        )
        return set(re.findall(r"^\?([0-9a-f]+)$", listed.decode("ascii", "replace"), re.M))

    def _fetch(self, clone: Clone, blobs: Sequence[str]) -> None:
        self._run(
            clone,
            *("-c", "fetch.negotiationAlgorithm=noop", "fetch", "--no-tags"),
            *("--no-write-fetch-head", "--filter=blob:none", "--stdin", "--", REMOTE),
            stdin="".join(f"{blob}\n" for blob in blobs).encode(),
        )

    def contents(self, clone: Clone, blobs: Sequence[str]) -> dict[str, bytes]:
        """What is in these blobs, read in one process."""
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        output = self._run(clone, "cat-file", "--batch", stdin=asked)
        contents, at = {}, 0
        for blob in blobs:
            end = output.index(b"\n", at)
            header = output[at:end].split()
            if len(header) != 3:
                raise CockpitError(
                    f"The copy of {clone.name} is damaged",
                    f"{short(blob)} is not in it",
                    f"look at {clone.git_dir}",
                )
            size = int(header[2])
            contents[blob] = output[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return contents

    def _run(self, clone: Clone, *arguments: str, stdin: bytes = b"") -> bytes:
        return self._git.run(clone, *arguments, stdin=stdin, variables=self._variables)

    @contextlib.contextmanager
    def quarantine(self, clone: Clone) -> Iterator[Quarantine]:
        """A place in front of the clone's objects, for as long as it is needed."""
        with tempfile.TemporaryDirectory(prefix="release-cockpit-") as name:
            folder = Path(name)
            objects = folder / "objects"
            objects.mkdir()
            behind = str(clone.git_dir / "objects").replace("\\", "\\\\").replace('"', '\\"')
            yield Quarantine(
                folder,
                {
                    "GIT_OBJECT_DIRECTORY": str(objects),
                    "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{behind}"',
                },
            )


class Quarantine(msgspec.Struct, frozen=True):
    """A folder that takes the objects that are made, and what makes git use it."""

    folder: Path
    variables: dict[str, str]

    @property
    def writing(self) -> dict[str, str]:
        """The same without the clone in sight: git would renew the date of what it has already."""
        return {**self.variables, "GIT_ALTERNATE_OBJECT_DIRECTORIES": ""}


def _entries(listed: bytes) -> list[_Entry]:
    found = (_ENTRY.fullmatch(line) for line in listed.split(b"\0") if line)
    return [
        _Entry(entry["mode"].decode(), entry["kind"].decode(), entry["id"].decode(), name)
        for entry in found
        if entry is not None and (name := entry["name"].decode("utf-8", "surrogateescape"))
    ]


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def read_node(sha: str, headers: str) -> CommitNode:
    """What the headers of a commit object say it is made of."""
    fields = [line.partition(" ")[::2] for line in headers.split("\n")]
    committer = next((text for key, text in fields if key == "committer"), "")
    return CommitNode(
        sha=sha,
        tree=next((text for key, text in fields if key == "tree"), ""),
        parents=tuple(text for key, text in fields if key == "parent"),
        committed=" ".join(committer.rsplit(" ", 2)[-2:]),
    )


def _check_made(made: CommitNode, refs: Mapping[str, str]) -> None:
    if made.sha not in refs.values():
        raise Conflict(
            "The commit came out differently",
            f"the plan has {', '.join(map(short, refs.values()))}, it is {short(made.sha)}",
            "plan again: your name or e-mail may have changed since",
        )


def _conflict(clone: Clone, there: Mapping[str, str]) -> Conflict:
    found = [f"{clean(ref)} is at {short(sha)}" for ref, sha in there.items()]
    return Conflict(
        f"{clone.name} has these branches already",
        "; ".join(found) or "somebody else pushed them at the same time",
        "plan again: it looks at what is there",
    )


def _refused(clone: Clone, said: Sequence[PushedRef], errors: str) -> AccessDenied:
    summaries = dict.fromkeys(
        pushed.summary for pushed in said if _NOT_THE_CAUSE not in pushed.summary
    )
    remote_said = re.findall(r"^remote: +(.*\S)", errors, re.MULTILINE)
    words = [*summaries, *(last_words(line) for line in remote_said[:1])]
    return AccessDenied(
        f"{clone.name} refused the push; no branch was made",
        ": ".join(words) or "git gave no reason",
        "release-cockpit doctor names missing rights",
    )
