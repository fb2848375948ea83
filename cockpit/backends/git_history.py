"""Somebody's own clone, whose history is read in few processes as they print, and never written.

It stands beside GitRunner, and imports little, because `missing` is used at a prompt: whatever is
imported before git has answered is waited for.
"""

import contextlib
import os
import subprocess
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from cockpit.backends.git_spawn import NO_PROGRAM, OF_ANOTHER_REPOSITORY, not_installed
from cockpit.errors import ConfigError, Unreachable

if TYPE_CHECKING:
    from io import BufferedReader

_FIELDS = ("%H", "%P", "%T", "%ct", "%at", "%an", "%s", "%b")
_FORMAT = "--format=" + "%x00".join(_FIELDS)
_CHUNK = 1 << 18
_ORIGIN = "refs/remotes/origin/"
_HEADS = "refs/heads/"
_ELSEWHERE = (
    *OF_ANOTHER_REPOSITORY,
    *("GIT_DIR", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
)
_VARIABLES = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone would otherwise fetch what it lacks
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
}
_SETTINGS = (
    *("-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8"),
    *("-c", "core.fsmonitor=false"),
)
_REMOTE = ("config", "--get", "remote.origin.url")
_THESE = ("log", "--no-walk=unsorted", "--stdin", "--no-merges", "--no-renames")
_FILES = (*_THESE, "--format=%x00%H", "--name-only", "-z")
_PATCHES = (
    *(*_THESE, "--format=%H", "-p", "--full-index", "--no-color"),
    *("--no-ext-diff", "--no-textconv", "--diff-algorithm=myers", "--unified=3"),
)


Entry = tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes]
"""One commit as git tells it, in the bytes it came in: most of them are never looked at.

Its SHA, its parents', its tree, when it was committed and authored in seconds since the epoch
(`git cherry-pick` keeps the latter), its author, title and the rest of its message.
"""


class Ranges(NamedTuple):
    """Histories of a clone, whose reading has begun."""

    branch: str
    """SHA of the release branch."""
    trunk: str
    cut: str | None
    """SHA of what was given as the cut."""
    older: Mapping[str, str]
    """Branches of older lines, by name, and their SHAs."""
    entries: Generator[Entry, None, None]
    """The commits of all of them, newest first."""


class ClonedHistory:
    """A clone or bare repository on this machine, read without a network."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError when there is no such folder."""
        inner = path / ".git"
        self._git_dir = inner if inner.exists() else path
        self._path = path
        self._begun: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}
        if not path.is_dir():
            raise self._no_repository()

    @property
    def shallow_roots(self) -> frozenset[str]:
        """The commits whose parents a shallow clone left out."""
        file = self._common_dir / "shallow"
        return frozenset(file.read_text().split()) if file.exists() else frozenset()

    @contextlib.contextmanager
    def asked_ahead(self, branch: str, trunk: str) -> Iterator[None]:
        """Have git find what is asked first while the caller does something else."""
        with contextlib.ExitStack() as left:
            for words in (_refs_of(branch, trunk), _REMOTE):
                self._begun[words] = left.enter_context(self._running(words))
            yield

    def repository_name(self) -> str | None:
        """owner/name of what it was cloned from; None where that is no such address."""
        with self._running(_REMOTE) as process:
            url = process.communicate()[0].decode("utf-8", "replace").strip()
        parts = url.removesuffix("/").removesuffix(".git").replace(":", "/").split("/")
        return "/".join(parts[-2:]) if "://" in url or "@" in url else None

    def ranges(self, branch: str, trunk: str, cut: str | None) -> Ranges:
        """Find what is named, and let git begin to tell the histories.

        It walks them together without an end, which needs least time and memory of all ways to
        ask; the reader knows when to stop. Raises ConfigError for what is nowhere.
        """
        tips = self._tips(branch, trunk)
        there, own = tips.get(branch) or self.commit(branch), tips.get(trunk) or self.commit(trunk)
        given = None if cut is None else tips.get(cut) or self.commit(cut)
        older = {name: tips[name] for name in older_lines(branch, tips)}
        return Ranges(there, own, given, older, self._log(own, there, *older.values(), "--"))

    def _tips(self, branch: str, trunk: str) -> dict[str, str]:
        """Branches by name, those of origin where the clone has no such branch of its own."""
        listed = self._answer(*_refs_of(branch, trunk))
        refs = [line.split("\0") for line in listed.splitlines()]
        found: dict[str, str] = {}
        for prefix in (_ORIGIN, _HEADS):
            found |= {ref.removeprefix(prefix): sha for ref, sha in refs if ref.startswith(prefix)}
        return found

    def commit(self, revision: str) -> str:
        """The commit a revision names, here or as a branch of origin; raises ConfigError."""
        for name in (revision, _ORIGIN + revision):
            words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            with self._running(words) as process:
                answer = process.communicate()[0]
            if process.returncode == 0:
                return answer.decode().strip()
        from cockpit.backends.git_errors import no_revision

        raise no_revision(self._path, revision, shallow=bool(self.shallow_roots))

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that two histories share; None where they share none."""
        with self._running(("merge-base", one, other)) as process:
            answer = process.communicate()[0]
        return answer.decode().strip() or None

    def existing(self, names: Sequence[str]) -> dict[str, str]:
        """The whole SHAs of those abbreviated or whole SHAs that are commits here."""
        words = ("cat-file", "--batch-check=%(objectname) %(objecttype)")
        with self._running(words, stdin=subprocess.PIPE) as process:
            answer = process.communicate("\n".join(names).encode())[0]
        told = (line.split() for line in answer.decode("utf-8", "replace").splitlines())
        return {
            name: words[0]
            for name, words in zip(names, told, strict=False)
            if words[1:] == ["commit"]
        }

    def patch_ids(self, shas: Sequence[str], others: Sequence[str]) -> dict[str, list[str]]:
        """Commits by patch-id: those named, and those of the others that are alike by files.

        Only commits that change the same files can be the same patch, and git tells files in a
        fraction of the time that patches take: nothing else is compared. Raises Unreachable
        where contents are missing, as they are in a partial clone.
        """
        by_files: dict[frozenset[str], list[str]] = {}
        for sha, names in self._files([*shas, *others]):
            by_files.setdefault(names, []).append(sha)
        asked = set(shas)
        groups = [group for group in by_files.values() if not asked.isdisjoint(group)]
        alike = [sha for group in groups if len(group) > 1 for sha in group]
        return self.patch_ids_of(alike) if alike else {}

    def _files(self, shas: Sequence[str]) -> Iterator[tuple[str, frozenset[str]]]:
        """The files that each commit changes; two processes share the work of unpacking trees."""
        with contextlib.ExitStack() as left:
            logs = [left.enter_context(self._running(_FILES, subprocess.PIPE)) for _ in range(2)]
            for at, log in enumerate(logs):
                _feed(log, shas[at :: len(logs)])
            for log in logs:
                told = os.fsdecode(cast("IO[bytes]", log.stdout).read())
                _expect_success(log)
                for row in filter(None, told.strip("\0").split("\0\0")):
                    sha, _, names = row.partition("\0\n")
                    yield sha, frozenset(names.split("\0"))

    def patch_ids_of(self, shas: Sequence[str]) -> dict[str, list[str]]:
        """The commits named by their patch-ids; raises as `patch_ids` does."""
        with self._running(_PATCHES, subprocess.PIPE) as log:
            with self._running(("patch-id", "--stable"), log.stdout) as ids:
                _feed(log, shas)
                answer = ids.communicate()[0]
            _expect_success(log)
        found: dict[str, list[str]] = {}
        for line in answer.decode().splitlines():
            patch, sha = line.split()
            found.setdefault(patch, []).append(sha)
        return found

    @property
    def _common_dir(self) -> Path:
        if self._git_dir.is_dir() and not (self._git_dir / "commondir").exists():
            return self._git_dir
        words = ("rev-parse", "--path-format=absolute", "--git-common-dir")
        return Path(self._answer(*words).removesuffix("\n"))

    def _log(self, *arguments: str) -> Generator[Entry, None, None]:
        return self._entries(self._start(("log", "-z", _FORMAT, *arguments)))

    def _entries(self, process: subprocess.Popen[bytes]) -> Generator[Entry, None, None]:
        with _ended(process):
            yield from _entries(cast("BufferedReader", process.stdout))
            _expect_success(process)

    def _answer(self, *words: str) -> str:
        with self._running(words) as process:
            answer, errors = process.communicate()
        if process.returncode:
            if b"not a git repository" in errors:
                raise self._no_repository()
            raise _failure(errors)
        return os.fsdecode(answer)

    def _running(
        self, words: tuple[str, ...], stdin: int | IO[bytes] | None = subprocess.DEVNULL
    ) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
        begun = self._begun.pop(words, None)
        return contextlib.nullcontext(begun) if begun else _ended(self._start(words, stdin))

    def _start(
        self, words: Sequence[str], stdin: int | IO[bytes] | None = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                ["git", f"--git-dir={self._git_dir}", *_SETTINGS, *words],
                env=_environment(os.environ),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except NO_PROGRAM as err:
            raise not_installed() from err

    def _no_repository(self) -> ConfigError:
        from cockpit.backends.git_errors import no_repository

        return no_repository(self._path)


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The process, which does not outlive the reader's interest."""
    with process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def _environment(inherited: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in inherited.items() if name not in _ELSEWHERE}
    return kept | _VARIABLES


def _entries(stream: "BufferedReader") -> Iterator[Entry]:
    """Commits as they come down the pipe; no more of it is kept than a chunk."""
    rest: list[bytes] = []
    width = len(_FIELDS)
    while chunk := stream.read1(_CHUNK):
        fields = (rest[-1] + chunk if rest else chunk).split(b"\0")
        fields = rest[:-1] + fields
        end = (len(fields) - 1) // width * width
        columns = (fields[at:end:width] for at in range(width))
        yield from cast("Iterator[Entry]", zip(*columns, strict=True))
        rest = fields[end:]


def _feed(log: subprocess.Popen[bytes], shas: Sequence[str]) -> None:
    """Name commits to a `git log`, which reads all of them before it tells of the first."""
    stdin = cast("IO[bytes]", log.stdin)
    with contextlib.suppress(BrokenPipeError):  # it ended early, and its exit status says why
        stdin.write("".join(f"{sha}\n" for sha in shas).encode())
        stdin.close()


def _refs_of(branch: str, trunk: str) -> tuple[str, ...]:
    """Asks for two branches and, where one is of a release line, for those of the other lines."""
    line = line_of(branch)
    names = [branch, trunk, *([f"{line[0]}*"] if line else [])]
    wanted = [prefix + name for name in names for prefix in (_HEADS, _ORIGIN)]
    return ("for-each-ref", "--format=%(refname)%00%(objectname)", *wanted)


def line_of(branch: str) -> tuple[str, tuple[int, ...]] | None:
    """How a release branch is called before its numbers, and these; None for any other branch."""
    named = branch.rstrip("0123456789.")
    numbers = branch.removeprefix(named).split(".")
    if len(numbers) < 2 or not all(numbers):
        return None
    return named, tuple(map(int, numbers))


def older_lines(branch: str, names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Those of the branches that are called like a release branch and are older; their numbers."""
    own = line_of(branch)
    if own is None:
        return {}
    return {
        name: line[1]
        for name in names
        if (line := line_of(name)) and line[0] == own[0] and line[1] < own[1]
    }


def _expect_success(process: subprocess.Popen[bytes]) -> None:
    errors = cast("IO[bytes]", process.stderr).read()
    if process.wait():
        raise _failure(errors)


def _failure(errors: bytes) -> Unreachable:
    from cockpit.backends.text import clean, mask

    said = mask(clean(errors.decode("utf-8", "replace").strip()))
    return Unreachable("git could not read this clone", said, "git fsck says what is wrong")
