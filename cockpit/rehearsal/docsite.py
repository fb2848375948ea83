"""The documentation's repository: a folder for every version, pushed there by candidates' builds.

How the real one lists its versions was not seen; here it is a page that links each folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cockpit.rehearsal import remotes
from cockpit.rehearsal.builds import attempt_jobs, job_conclusion
from cockpit.rehearsal.fastimport import git, new_repository
from cockpit.rehearsal.model import Forge, Repository
from cockpit.rehearsal.people import PYTORCH_BOT
from cockpit.rehearsal.story import RELEASED_2_14
from cockpit.rehearsal.workflows import DOCS_BUILDS, DOCS_PUSH

DOCS = "pytorch/docs"
BRANCH = "site"
LISTING = "versions.html"
_PUBLISHED = ("2.12", "2.13", "2.14")
_LINE = re.compile(r"v(\d+\.\d+)\.\d+-rc\d+")


def write_docs(git_dir: Path) -> None:
    """Write the bare repository with the versions that are out."""
    with new_repository(git_dir) as stream:
        mark = 0
        for number, line in enumerate(_PUBLISHED):
            mark = stream.commit(
                f"refs/heads/{BRANCH}",
                message=f"Generate Python docs from pytorch/pytorch@v{line}.0\n",
                author=PYTORCH_BOT,
                at=RELEASED_2_14 - timedelta(days=70) * (len(_PUBLISHED) - 1 - number),
                files=_files(line, _PUBLISHED[: number + 1]),
                parent=mark or None,
            )
    git(git_dir, "symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")


def publish(repository: Repository, line: str, when: datetime) -> str:
    """Add the folder of a version, or make it anew; gives the SHA of the commit."""
    listed = git(repository.git_dir, "ls-tree", "-d", "--name-only", BRANCH).split()
    lines = sorted({line, *listed}, key=lambda name: [int(part) for part in name.split(".")])
    return remotes.push_files(
        repository.git_dir,
        BRANCH,
        _files(line, lines, f"{when:%Y-%m-%d %H:%M}"),
        message=f"Generate Python docs of {line}",
        when=when,
    )


class DocsPushes:
    """The jobs of candidates that push documentation, as they end while the world runs."""

    def __init__(self, core: Repository, docs: Repository, forge: Forge) -> None:
        self._core, self._docs, self._forge = core, docs, forge
        self._pushed: set[tuple[int, datetime]] = set()

    def settle(self, now: datetime) -> None:
        """Publish what jobs have brought that ended since the world began; cheap without any."""
        with self._forge.lock:
            due = sorted(
                (job.ends_at, run.id, found[1])
                for run in self._core.runs.values()
                if run.name == DOCS_BUILDS and (found := _LINE.fullmatch(run.head_branch))
                for job in attempt_jobs(run, run.attempt)
                if job.name == DOCS_PUSH
                and job_conclusion(job) == "success"
                and self._forge.clock.epoch < job.ends_at <= now
            )
        for ended, run, line in due:
            if (run, ended) not in self._pushed:
                self._pushed.add((run, ended))
                publish(self._docs, line, ended)


def _files(line: str, lines: Iterable[str], made: str = "") -> dict[str, str]:
    links = "".join(f'<li><a href="{one}/index.html">{one}</a></li>\n' for one in lines)
    return {
        f"{line}/index.html": f"<title>PyTorch {line} documentation</title>\n<!-- {made} -->\n",
        LISTING: f"<title>Versions</title>\n<ul>\n{links}</ul>\n",
    }
