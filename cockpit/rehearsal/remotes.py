"""What somebody else does to the world's git repositories: push commits, move and delete tags."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

GONE = "0" * 40
_NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


class RemoteError(ValueError):
    """A ref that is not there, or that git refuses."""


def create(git_dir: Path) -> None:
    """Make an empty bare repository."""
    git_dir.mkdir(parents=True)
    _run(git_dir, "init", "--quiet", "--bare", "--initial-branch=main")


def tag_names(git_dirs: Iterable[Path]) -> frozenset[str]:
    """Every tag of these repositories as `repository:tag`; reads files only, so it is quick."""
    return frozenset(f"{git_dir.stem}:{name}" for git_dir in git_dirs for name in _tags(git_dir))


def resolve(git_dir: Path, revision: str) -> str | None:
    """The commit a revision stands for, or None."""
    found = _run(git_dir, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", check=False)
    return found or None


def push_commit(
    git_dir: Path, branch: str, *, path: str, content: str, message: str, when: datetime
) -> str:
    """Put one commit that writes one file on a branch, as a colleague would; gives its SHA."""
    return push_files(git_dir, branch, {path: content}, message=message, when=when)


def push_files(
    git_dir: Path, branch: str, files: Mapping[str, str], *, message: str, when: datetime
) -> str:
    """Put one commit that writes these files on a branch; gives its SHA."""
    ref = f"refs/heads/{branch}"
    if resolve(git_dir, ref) is None:
        raise RemoteError(f"{git_dir.stem} has no branch {branch}")
    stream = (
        f"commit {ref}\n"
        f"committer A Colleague <colleague@example.org> {int(when.timestamp())} +0000\n"
        f"{_data(message)}from {ref}^0\n"
    )
    stream += "".join(f"M 100644 inline {path}\n{_data(text)}" for path, text in files.items())
    _run(git_dir, "fast-import", "--quiet", "--date-format=raw", stdin=stream)
    pushed = resolve(git_dir, ref)
    if pushed is None:
        raise RemoteError(f"{branch} was deleted meanwhile")
    return pushed


def move_tag(git_dir: Path, tag: str, revision: str | None = None) -> str:
    """Point a tag at another commit, by default at the parent of its own; gives the new SHA."""
    ref = f"refs/tags/{tag}"
    if resolve(git_dir, ref) is None:
        raise RemoteError(f"{git_dir.stem} has no tag {tag}")
    wanted = revision or f"{ref}~1"
    moved_to = resolve(git_dir, wanted)
    if moved_to is None:
        raise RemoteError(f"{git_dir.stem} has no commit {wanted}")
    _run(git_dir, "update-ref", ref, moved_to)
    return moved_to


def push_tag(git_dir: Path, tag: str, revision: str) -> str:
    """Make a tag, as a colleague would; gives the SHA it points at."""
    ref = f"refs/tags/{tag}"
    if resolve(git_dir, ref) is not None:
        raise RemoteError(f"{git_dir.stem} has a tag {tag} already")
    found = resolve(git_dir, revision)
    if found is None:
        raise RemoteError(f"{git_dir.stem} has no commit {revision}")
    _run(git_dir, "update-ref", ref, found, GONE)
    return found


def delete_tag(git_dir: Path, tag: str) -> None:
    """Delete a tag."""
    ref = f"refs/tags/{tag}"
    if resolve(git_dir, ref) is None:
        raise RemoteError(f"{git_dir.stem} has no tag {tag}")
    _run(git_dir, "update-ref", "-d", ref)


def _tags(git_dir: Path) -> set[str]:
    prefix = "refs/tags/"
    folder = git_dir / prefix
    names = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    packed = git_dir / "packed-refs"
    if packed.exists():
        for line in packed.read_text(encoding="utf-8").splitlines():
            _, _, ref = line.partition(" ")
            if ref.startswith(prefix):
                names.add(ref.removeprefix(prefix))
    return names


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _run(git_dir: Path, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
    done = subprocess.run(
        ["git", f"--git-dir={git_dir}", *arguments],
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env=os.environ | _NOBODY,
        check=False,
    )
    if check and done.returncode != 0:
        raise RemoteError(done.stderr.strip() or f"git {arguments[0]} failed")
    return done.stdout.strip()
