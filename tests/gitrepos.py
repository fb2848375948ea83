"""Small real git repositories, built with plumbing as their owners' pushes would build them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cockpit.release.repos import Repository, Role
from cockpit.release.versions import Naming, Version

_FIRST_COMMIT_AT = 1_760_000_000
_OWNER = {
    "GIT_AUTHOR_NAME": "Olga Owner",
    "GIT_AUTHOR_EMAIL": "olga@example.org",
    "GIT_COMMITTER_NAME": "Olga Owner",
    "GIT_COMMITTER_EMAIL": "olga@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}


class BareRepo:
    """A bare repository that somebody else owns."""

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir
        self._commits = 0
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(git_dir)],
            check=True,
            env=_environment(),
        )

    @property
    def remote(self) -> str:
        """What a config would say to reach it."""
        return str(self.git_dir)

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """What a git command prints here; raises CalledProcessError."""
        done = subprocess.run(
            ["git", f"--git-dir={self.git_dir}", *arguments],
            input=stdin,
            capture_output=True,
            check=True,
            env=_environment(),
        )
        return done.stdout.decode().strip()

    def commit(
        self,
        branch: str,
        message: str | bytes,
        files: Mapping[str, str] | None = None,
        *,
        encoding: str | None = None,
    ) -> str:
        """Put one commit on a branch, which begins with it where it does not exist."""
        ref = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
        text = message.encode() if isinstance(message, str) else message
        self._commits += 1
        at = _FIRST_COMMIT_AT + 60 * self._commits
        lines = [f"commit {ref}", f"committer Ada Author <ada@example.org> {at} +0000"]
        if encoding:
            lines.append(f"encoding {encoding}")
        stream = "\n".join(lines).encode() + b"\n" + _data(text)
        if self.sha(ref):
            stream += f"from {ref}^0\n".encode()
        for path, content in (files or {}).items():
            stream += f"M 100644 inline {path}\n".encode() + _data(content.encode())
        self.git("fast-import", "--quiet", "--date-format=raw", stdin=stream)
        sha = self.sha(ref)
        assert sha is not None
        return sha

    def sha(self, revision: str) -> str | None:
        """The object a revision stands for, or None."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", revision)
        except subprocess.CalledProcessError:
            return None

    def branch(self, name: str, sha: str) -> None:
        """Point a branch at a commit."""
        self.git("update-ref", f"refs/heads/{name}", sha)

    def tag(self, name: str, sha: str, *, annotated: bool = False) -> None:
        """Make or move a tag."""
        options = ("--annotate", "--message", name) if annotated else ()
        self.git("tag", "--force", *options, name, sha)

    def delete(self, ref: str) -> None:
        """Delete a ref."""
        self.git("update-ref", "-d", ref)

    def lose(self, revision: str) -> None:
        """Damage the repository: the object is no longer there, whoever refers to it."""
        lost = self.git("rev-parse", revision)
        packs = self.git_dir / "objects" / "pack"
        for pack in packs.glob("*.pack"):
            content = pack.read_bytes()
            for part in packs.glob(f"{pack.stem}.*"):
                part.unlink()
            self.git("unpack-objects", "-q", stdin=content)
        (self.git_dir / "objects" / lost[:2] / lost[2:]).unlink()

    def refs(self) -> dict[str, str]:
        """Every ref and what it points at."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return {name: sha for name, _, sha in (line.partition(" ") for line in lines)}

    def hook(self, name: str, script: str) -> None:
        """Install a hook written in shell."""
        file = self.git_dir / "hooks" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)


class WorkRepo:
    """A repository with a work tree, in which commits are made as a person makes them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "gc.auto", "0")

    def git(self, *arguments: str, check: bool = True) -> str:
        """What a git command prints here; raises CalledProcessError."""
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            capture_output=True,
            check=check,
            env=_environment(),
        )
        return done.stdout.decode().strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Put files into the work tree."""
        for path, content in files.items():
            file = self.path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str, files: Mapping[str, str | bytes] | None = None) -> str:
        """Commit the work tree with these files in it, whatever it changes."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def cherry_pick(self, onto: str, commit: str, *options: str) -> tuple[str, str | None]:
        """`clean`, `empty` or `conflict` as git has it, and the tree where there is one."""
        self.git("checkout", "--quiet", "--force", "--detach", onto)
        before = self.git("rev-parse", "HEAD^{tree}")
        self.git("cherry-pick", "--keep-redundant-commits", *options, commit, check=False)
        picked = self.git("rev-parse", "HEAD") != self.git("rev-parse", onto)
        after = self.git("rev-parse", "HEAD^{tree}")
        self.git("cherry-pick", "--quit")
        self.git("reset", "--quiet", "--hard")
        self.git("clean", "-ffdxq")
        if not picked:
            return "conflict", None
        return ("empty" if after == before else "clean"), after


def local_ssh(folder: Path) -> str:
    """A program that git takes for ssh and that runs the other side on this machine."""
    program = folder / "ssh"
    program.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n', encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file below a folder with a digest of its bytes."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@dataclass(frozen=True, slots=True)
class ReleaseRepo:
    """A repository with a trunk, a cut release line and its first candidate."""

    repo: BareRepo
    cut: str
    """Where release/2.13 and orig/release/2.13 left main."""
    picks: tuple[str, str]
    """The commits of release/2.13, oldest first; rc1 is on the first."""
    trunk: str

    def repository(self, **changes: object) -> Repository:
        """The config of it for 2.13.0."""
        return make_repository(self.repo.remote, **changes)


def release_repo(git_dir: Path) -> ReleaseRepo:
    """Build it: two trunk commits, the cut, two picks, rc1, and a trunk that went on."""
    repo = BareRepo(git_dir)
    repo.commit("main", "First", {"version.txt": "2.13.0a0\n", "ci/pin.txt": "one\n"})
    cut = repo.commit("main", "Last before the cut (#1)")
    repo.branch("orig/release/2.13", cut)
    repo.branch("release/2.13", cut)
    version = {"version.txt": "2.13.0\n"}
    first = repo.commit("release/2.13", "[release only] Set the version", version)
    repo.tag("v2.13.0-rc1", first, annotated=True)
    second = repo.commit("release/2.13", "Fix a crash (#2)\n\nWhat and why.\n")
    trunk = repo.commit("main", "Go on (#3)", {"version.txt": "2.14.0a0\n"})
    return ReleaseRepo(repo, cut, (first, second), trunk)


def make_repository(remote: str, **changes: object) -> Repository:
    """The config of a core repository at 2.13.0, with what a test changes of it."""
    fields: dict[str, object] = {
        "name": "pytorch/pytorch",
        "role": Role.CORE,
        "package": "torch",
        "remote": remote,
        "version": Version(2, 13, 0),
        "naming": Naming(),
        "trunk": "main",
        "cut_from": "main",
        "version_file": "version.txt",
        "candidates": True,
        "blocking_workflows": (),
    }
    return Repository(**(fields | changes))  # type: ignore[arg-type]


def _environment() -> dict[str, str]:
    return os.environ | _OWNER


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
