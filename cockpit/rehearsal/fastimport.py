"""Writes a bare git repository in one `git fast-import` stream."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cockpit.rehearsal.people import Person

_SETTINGS = {
    "gc.auto": "0",
    "maintenance.auto": "false",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
}


def git_environment() -> dict[str, str]:
    """An environment in which git reads no configuration but the repository's own."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_DEFAULT_HASH": "sha1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def git(git_dir: Path, *arguments: str) -> str:
    """What a git command on a bare repository prints; raises CalledProcessError."""
    command = ["git", f"--git-dir={git_dir}", *arguments]
    done = subprocess.run(
        command, env=git_environment(), check=True, capture_output=True, text=True, timeout=120
    )
    return done.stdout


def read_refs(git_dir: Path) -> dict[str, str]:
    """Every ref with the commit it comes down to."""
    lines = git(
        git_dir, "for-each-ref", "--format=%(refname) %(objectname) %(*objectname)"
    ).splitlines()
    fields = (line.split(" ") for line in lines)
    return {name: peeled or direct for name, direct, peeled in fields}


class FastImport:
    """One stream of commits; marks name them until the stream is finished."""

    def __init__(self, process: subprocess.Popen[bytes], marks_file: Path) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the stream needs both pipes of git fast-import")
        self._to_git = process.stdin
        self._from_git = process.stdout
        self._process = process
        self._marks_file = marks_file
        self._last_mark = 0
        self._shas: dict[int, str] = {}

    def commit(
        self,
        ref: str,
        *,
        message: str,
        author: Person,
        at: datetime,
        files: Mapping[str, str],
        parent: int | None = None,
        committer: Person | None = None,
        submodules: Mapping[str, str] | None = None,
    ) -> int:
        """Add a commit on top of `parent`, move `ref` there, and return its mark."""
        self._last_mark += 1
        when = f"{int(at.timestamp())} +0000"
        by = committer or author
        parts = [
            f"commit {ref}\nmark :{self._last_mark}\n"
            f"author {author.name} <{author.email}> {when}\n"
            f"committer {by.name} <{by.email}> {when}\n".encode(),
            _data(message),
        ]
        if parent is not None:
            parts.append(b"from :%d\n" % parent)
        for path, text in files.items():
            parts += [f"M 100644 inline {path}\n".encode(), _data(text)]
        for path, pinned in (submodules or {}).items():
            parts.append(f"M 160000 {pinned} {path}\n".encode())
        self._to_git.write(b"".join(parts))
        return self._last_mark

    def point(self, ref: str, mark: int) -> None:
        """Create or move a ref."""
        self._to_git.write(f"reset {ref}\nfrom :{mark}\n\n".encode())

    def annotate(self, tag: str, mark: int, *, message: str, tagger: Person, at: datetime) -> None:
        """Create an annotated tag."""
        self._to_git.write(
            f"tag {tag}\nfrom :{mark}\n"
            f"tagger {tagger.name} <{tagger.email}> {int(at.timestamp())} +0000\n".encode()
            + _data(message)
        )

    def sha(self, mark: int) -> str:
        """The SHA of a commit of this stream."""
        if mark not in self._shas:
            self._to_git.write(b"get-mark :%d\n" % mark)
            self._to_git.flush()
            self._shas[mark] = self._from_git.readline().decode().strip()
        return self._shas[mark]

    def _finish(self) -> None:
        self._to_git.write(b"done\n")
        self._to_git.close()
        self._from_git.close()
        if self._process.wait() != 0:
            raise RuntimeError("git fast-import refused the history")
        for line in self._marks_file.read_text(encoding="ascii").splitlines():
            mark, _, sha = line.removeprefix(":").partition(" ")
            self._shas[int(mark)] = sha
        self._marks_file.unlink()


def _data(text: str) -> bytes:
    encoded = text.encode()
    return b"data %d\n%b\n" % (len(encoded), encoded)


@contextmanager
def new_repository(git_dir: Path) -> Iterator[FastImport]:
    """Make a bare repository out of what is written inside the `with` block.

    Afterwards `FastImport.sha` still answers, without asking git.
    """
    git_dir.mkdir(parents=True)
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(git_dir)],
        env=git_environment(),
        check=True,
        timeout=60,
    )
    with (git_dir / "config").open("a", encoding="utf-8") as config:
        for key, value in _SETTINGS.items():
            section, _, name = key.partition(".")
            config.write(f"[{section}]\n\t{name} = {value}\n")
    marks_file = git_dir / "marks"
    process = subprocess.Popen(
        [
            *(
                "git",
                f"--git-dir={git_dir}",
                "-c",
                "fastimport.unpackLimit=1",
                "-c",
                "pack.compression=1",
            ),
            *("fast-import", "--quiet", "--done", f"--export-marks={marks_file}"),
        ],
        env=git_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=1 << 18,
    )
    stream = FastImport(process, marks_file)
    try:
        yield stream
        stream._finish()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    git(git_dir, "pack-refs", "--all")
