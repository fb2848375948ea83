"""The cockpit's own bare clones, and what is done in one: fetch, walk, commit, push."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from cockpit.backends.git_names import checked_remote, kept_name, remote_name
from cockpit.backends.git_output import COMMIT_FORMAT, PushedRef, read_commits, read_push, read_refs
from cockpit.backends.git_runner import REMOTE, Clone, Finished, GitRunner
from cockpit.backends.text import clean, clean_lines, mask
from cockpit.errors import AccessDenied, CockpitError, Unreachable
from cockpit.release.commits import Commit

_FETCH = (
    "fetch",
    "--progress",
    "--atomic",
    "--prune",
    "--no-tags",
    "--no-write-fetch-head",
    "--update-shallow",
)

_ABSENT = re.compile(r"(?:not our ref|unadvertised object) ([0-9a-f]{40,64})")
"""How a remote names one object that it does not give."""


class Clones:
    """A folder of bare clones, one a remote, in which nobody else works."""

    def __init__(self, folder: Path, git: GitRunner) -> None:
        self._folder = folder
        self._git = git
        self._locks: dict[Path, threading.RLock] = {}
        self._empty_trees: dict[Path, str] = {}
        self._making_locks = threading.Lock()

    def of(self, remote: str, name: str = "", purpose: str = "") -> Clone:
        """The clone of a remote, which need not exist yet."""
        shown = mask(clean(checked_remote(remote)))
        words = re.findall(r"[\w.-]+", re.sub(r"(?:\.git)?/*$", "", shown))[-2:]
        slug = "-".join([*words, purpose] if purpose else words).strip(".-")
        digest = hashlib.sha256(shown.encode()).hexdigest()[:10]
        return Clone(self._folder / f"{slug}-{digest}.git", remote, name or shown)

    def lock(self, clone: Clone) -> threading.RLock:
        """What the threads of this process hold while they fetch into or push from a clone."""
        with self._making_locks:
            return self._locks.setdefault(clone.git_dir, threading.RLock())

    def fetch(self, clone: Clone, exact: Sequence[str], prefixes: Sequence[str]) -> set[str]:
        """Bring refs by name and by prefix, dropping what is gone; gives the absent names.

        A fetch asks the remote for these prefixes only, where `ls-remote` would make it list every
        ref that it has; when nothing moved, it transfers nothing.
        """
        self.make(clone)
        absent: set[str] = set()
        while True:
            specs = [f"+{ref}:{kept_name(ref)}" for ref in exact if ref not in absent]
            specs += [f"+{prefix}*:{kept_name(prefix)}*" for prefix in prefixes]
            finished = self._fetch(clone, *specs)
            if finished.status == 0:
                return absent
            gone = re.search(r"couldn't find remote ref (\S+)", finished.errors)
            if gone is None or gone[1] in absent or gone[1] not in exact:
                raise self._git.failure(clone, finished)
            absent.add(gone[1])

    def fetched(self, clone: Clone) -> dict[str, str]:
        """What the clone holds, by the remote's names, with what tags peel to."""
        finished = self._git.attempt(clone, "show-ref", "--dereference")
        if finished.status != 0 and finished.errors:
            raise self._git.failure(clone, finished)
        listed = read_refs(finished.output).items()
        return {name: sha for kept, sha in listed if (name := remote_name(kept)) is not None}

    def listed(
        self, clone: Clone, option: Literal["--tags", "--heads", "--refs"], patterns: Sequence[str]
    ) -> dict[str, str]:
        """What the remote lists, without a clone being made."""
        return read_refs(self._git.run(clone, "ls-remote", option, "--", REMOTE, *patterns))

    def make(self, clone: Clone) -> None:
        """Make the clone where there is none; it appears whole, whoever else makes it too."""
        if clone.exists:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(dir=self._folder, prefix=".new-"))
            try:
                new = Clone(made, clone.remote, clone.name)
                self._git.run(new, "init", "--bare", "--quiet", "--template=")
                with contextlib.suppress(OSError):
                    made.rename(clone.git_dir)
            finally:
                shutil.rmtree(made, ignore_errors=True)
            if not clone.exists:
                raise OSError(f"{clone.git_dir} could not be made")
        except OSError as err:
            raise CockpitError(
                f"There is no place for the copy of {clone.name}",
                err.strerror or str(err),
                f"look at {self._folder}",
            ) from err

    def need(self, clone: Clone, sha: str) -> None:
        """Make sure that an object is in the clone."""
        self.make(clone)
        if self._git.attempt(clone, "cat-file", "-e", sha).status != 0:
            finished = self._fetch(clone, sha)
            if finished.status != 0:
                raise self._git.failure(clone, finished)

    def bring(self, clone: Clone, commits: Sequence[str]) -> set[str]:
        """Make sure that commits are in the clone; gives those that the remote does not have."""
        self.make(clone)
        asked = "".join(f"{sha}\n" for sha in commits).encode()
        listed = self._git.run(clone, "cat-file", "--batch-check", stdin=asked).decode()
        lacking = set(re.findall(r"^([0-9a-f]+) missing$", listed, re.MULTILINE))
        absent: set[str] = set()
        while wanted := sorted(lacking - absent):
            finished = self._fetch(clone, *wanted)
            if finished.status == 0:
                break
            gone = _ABSENT.search(finished.errors)
            if gone is None or gone[1] not in wanted:
                raise self._git.failure(clone, finished)
            absent.add(gone[1])
        return absent

    def walk(self, clone: Clone, form: str, spec: str, *options: str) -> bytes:
        """A range in one process; children come before their parents."""
        form = f"--format={form}"
        return self._git.run(
            clone, "log", "-z", "--topo-order", form, *options, "--end-of-options", spec, "--"
        )

    def commits(self, clone: Clone, spec: str, *options: str) -> tuple[Commit, ...]:
        """The commits of a range, newest first."""
        return read_commits(self.walk(clone, COMMIT_FORMAT, spec, *options))

    def last_change(self, clone: Clone, sha: str, path: str) -> Commit | None:
        """The newest commit of a history that changed a path; None without one."""
        found = self._git.run(
            clone,
            *("log", "-z", "--max-count=1", f"--format={COMMIT_FORMAT}"),
            *("--end-of-options", sha, "--", path),
            variables={"GIT_LITERAL_PATHSPECS": "1"},
        )
        return next(iter(read_commits(found)), None)

    def contains(self, clone: Clone, tip: str, sha: str) -> bool:
        """Whether a commit is part of a history; one that is not there at all is not."""
        return self._git.attempt(clone, "merge-base", "--is-ancestor", "--", sha, tip).status == 0

    def merge_base(self, clone: Clone, one: str, other: str) -> str | None:
        """The best common ancestor; None when the histories have nothing in common."""
        finished = self._git.attempt(clone, "merge-base", "--", one, other)
        if finished.status not in (0, 1):
            raise self._git.failure(clone, finished)
        return finished.output.decode().strip().partition("\n")[0] or None

    def entry(self, clone: Clone, sha: str, path: str, kind: Literal["blob", "tree"]) -> str | None:
        """The object of a file or folder in a commit; None when there is none."""
        listed = self._git.run(clone, "ls-tree", "--full-tree", sha, "--", path.rstrip("/"))
        found = re.match(rf"(?:100\d{{3}}|040000) {kind} ([0-9a-f]+)\t".encode(), listed)
        return found[1].decode() if found else None

    def file_text(self, clone: Clone, sha: str, path: str) -> str | None:
        """A file of a commit, cleaned, which a partial clone fetches when it is first read."""
        blob = self.entry(clone, sha, path, "blob")
        if blob is None:
            return None
        self.need(clone, blob)
        found = self._git.run(clone, "cat-file", "blob", blob)
        return clean_lines(found.decode("utf-8", "replace"))

    def commit(
        self,
        clone: Clone,
        message: str,
        parent: str | None,
        identity: tuple[str, str],
        *,
        sign: bool = False,
    ) -> str:
        """A commit of the empty tree, which is all that a ledger's entry needs."""
        name, email = identity
        who = {"NAME": name, "EMAIL": email, "DATE": f"{int(time.time())} +0000"}
        tree = self._empty_tree(clone)
        parents = ("-p", parent) if parent else ()
        committed = self._git.run(
            clone,
            *("commit-tree", "--gpg-sign" if sign else "--no-gpg-sign", *parents, tree),
            stdin=message.encode("utf-8", "replace"),
            variables={
                f"GIT_{role}_{part}": text
                for role in ("AUTHOR", "COMMITTER")
                for part, text in who.items()
            },
        )
        return committed.decode().strip()

    def _empty_tree(self, clone: Clone) -> str:
        """The tree without any file, which every clone has once it was asked for it."""
        known = self._empty_trees.get(clone.git_dir)
        if known is None or not clone.exists:
            written = self._git.run(clone, "hash-object", "-t", "tree", "-w", "--stdin")
            known = self._empty_trees[clone.git_dir] = written.decode().strip()
        return known

    def push(
        self, clone: Clone, ref: str, sha: str, *, expected: str
    ) -> tuple[PushedRef | None, CockpitError | None]:
        """Push one ref that must be as expected, empty for absent.

        Gives what the remote said of it, or why nothing was heard; then it may have arrived. A
        partial clone first asks what the remote has, since it could not send it anew.
        """
        push = ["push", "--porcelain", "--atomic", f"--force-with-lease={ref}:{expected}"]
        if clone.far:
            push[:0] = ["-c", "push.negotiate=true"]
        try:
            finished = self._git.attempt(clone, *push, "--", REMOTE, f"{sha}:{ref}")
        except Unreachable as err:
            return None, err
        said = read_push(finished.output)
        others = [pushed.ref for pushed in said if pushed.ref != ref]
        if others:
            raise CockpitError(
                f"The push to {clone.name} touched more than {clean(ref)}",
                ", ".join(map(clean, others)),
                "look at the remote's refs before going on",
            )
        if not said:
            return None, self._git.failure(clone, finished)
        return said[0], None

    def _fetch(self, clone: Clone, *specs: str) -> Finished:
        """Without the content of files where that saves a transfer; it is fetched when needed."""
        partial = ("--filter=blob:none",) if clone.far else ()
        return self._git.attempt(clone, *_FETCH, *partial, "--", REMOTE, *specs)


def borrow(git: GitRunner, clone: Clone, git_dir: Path, head: str) -> Clone:
    """Make a repository at a commit of a clone, whose objects it borrows and never changes."""
    made = Clone(git_dir, "", clone.name)
    git.run(made, "init", "--quiet", "--template=")
    info = git_dir / "objects" / "info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "alternates").write_text(f"{clone.git_dir / 'objects'}\n", encoding="utf-8")
    (git_dir / "HEAD").write_text(f"{head}\n", encoding="ascii")
    return made


def refused(clone: Clone, pushed: PushedRef | None) -> AccessDenied:
    """A push that the remote did not take, although everything was as expected."""
    return AccessDenied(
        f"{clone.name} refused the push",
        pushed.summary if pushed else "git gave no reason",
        "release-cockpit doctor names missing rights",
    )
