"""A small forge of its own for the tests of the loopback GitHub, and servers for any forge."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.fastimport import read_refs
from cockpit.rehearsal.github.app import HOURLY_LIMIT, create_app
from cockpit.rehearsal.model import (
    Comment,
    DispatchInput,
    Forge,
    Issue,
    Job,
    JobTemplate,
    Label,
    Milestone,
    PlannedStep,
    Pull,
    Release,
    Repository,
    Review,
    Run,
    User,
    Workflow,
)
from cockpit.rehearsal.serving import Service

NOW = datetime(2026, 10, 14, 14, 0, tzinfo=UTC)
CAPTAIN, READER = "token-captain", "token-reader"
TOKENS = {CAPTAIN: "captain", READER: "reader"}
OWNER, NAME = "pytorch", "tiny"
_AUTHOR, _COMMITTER = "Ada Author <ada@example.org>", "Merge Bot <bot@example.org>"

MILESTONE, ISSUE, PICK, CONFLICT, LANDED, DRAFT = 1, 1, 2, 3, 4, 5
RUNNING_RUN, DONE_RUN, OLD_RUN = 501, 502, 503
FAILED_JOB, RUNNING_JOB, OLD_JOB = 602, 611, 621
STRANGE = 'a [red]title[/red] \x1b[31m with "quotes" \u202e <b>'


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the small repository; `files` are those it writes, `after` its parent."""

    mark: str
    branch: str
    after: str
    message: str
    files: dict[str, str]


COMMITS = (
    Commit("first", "main", "", "Start\n", {
        "version.txt": "2.16.0a0\n", "torch/a.py": "one\ntwo\nthree\n", "README.md": "# Torch\n",
    }),
    Commit("cut", "release/2.15", "first", "[release-only] Version\n", {"version.txt": "2.15.0\n"}),
    Commit("landed", "main", "first", "Add four (#4)\n\nPull Request resolved: #4\n", {
        "torch/a.py": "one\ntwo\nthree\nfour\n",
    }),
    Commit("main", "main", "landed", "Add b\n", {"torch/b.py": "b\n"}),
    Commit("pick", "pick-four", "cut", "Add four\n", {
        "torch/a.py": "one\ntwo\nthree\nfour\n",
    }),
    Commit("clash", "clash", "first", "Clash\n", {"version.txt": "9\n"}),
    Commit("half", "half-done", "cut", "Half done\n", {"torch/c.py": "c\n"}),
)  # fmt: skip
"""Two lines, and branches of pull requests: two that apply, one that conflicts."""


def build_repository(git_dir: Path) -> dict[str, str]:
    """Make the bare repository, with a tag of each kind; gives the SHA of each mark."""
    environment = {
        "PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"
    }  # fmt: skip
    numbers = {commit.mark: number for number, commit in enumerate(COMMITS, 1)}
    stream = "".join(_commit(commit, numbers) for commit in COMMITS)
    stream += f"reset refs/tags/v2.15.0-rc1\nfrom :{numbers['cut']}\n\n"
    stream += f"tag v2.14.0\nfrom :{numbers['first']}\ntagger {_AUTHOR} {_at(0)}"
    stream += _data("signed words\n")
    create = ["git", "init", "-q", "--bare", "-b", "main", str(git_dir)]
    subprocess.run(create, env=environment, check=True)
    marks = git_dir / "marks"
    subprocess.run(
        ["git", f"--git-dir={git_dir}", "fast-import", "--quiet", f"--export-marks={marks}"],
        input=stream.encode(),
        env=environment,
        check=True,
    )
    shas = dict(line.split() for line in marks.read_text(encoding="ascii").splitlines())
    marks.unlink()
    return {mark: shas[f":{number}"] for mark, number in numbers.items()}


def _commit(commit: Commit, numbers: dict[str, int]) -> str:
    number = numbers[commit.mark]
    start = f"from :{numbers[commit.after]}\n" if commit.after else ""
    files = "".join(f"M 100644 inline {path}\n{_data(text)}" for path, text in commit.files.items())
    return (
        f"commit refs/heads/{commit.branch}\nmark :{number}\nauthor {_AUTHOR} {_at(number)}"
        f"committer {_COMMITTER} {_at(number)}{_data(commit.message)}{start}{files}"
    )


def _at(number: int) -> str:
    return f"{int((NOW - timedelta(days=9)).timestamp()) + 60 * number} +0000\n"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def build_forge(directory: Path) -> Forge:
    """A forge with one repository and one or more records of every kind."""
    git_dir = directory / "tiny.git"
    shas = build_repository(git_dir)
    forge = Forge(WorldClock(NOW), tokens=dict(TOKENS))
    forge.users = {
        "captain": User("captain", 1, name="Cora Captain", email="cora@example.org"),
        "reader": User("reader", 2),
        "ada": User("ada", 3, name="Ada Author", email="ada@example.org"),
        "bot": User("bot", 4, "Bot", email="bot@example.org"),
    }
    forge.collaborators = {"captain": "admin", "ada": "triage"}
    repository = Repository(10, OWNER, NAME, git_dir)
    repository.labels = {"triaged": Label(20, "triaged"), "ciflow/trunk": Label(21, "ciflow/trunk")}
    repository.milestones = {
        MILESTONE: Milestone(30, 1, "2.15.0", due_on=NOW + timedelta(days=14), created_at=NOW),
        2: Milestone(31, 2, "2.14.1", "closed"),
    }
    repository.issues = {issue.number: issue for issue in _issues(shas)}
    repository.workflows = {
        40: Workflow(
            40,
            "binaries",
            ".github/workflows/binaries.yml",
            on_candidate_tag=True,
            dispatchable=True,
            inputs=(
                DispatchInput("version", required=True),
                DispatchInput("dryrun", "choice", "enabled", options=("enabled", "disabled")),
                DispatchInput("push", "boolean", "false"),
            ),
            jobs=(
                *(JobTemplate(name) for name in ("build a", "build b", "build c", "test c")),
                JobTemplate("sign", environment="signing"),
            ),
        ),
        41: Workflow(41, "lint", ".github/workflows/lint.yml"),
    }
    repository.runs = {run.id: run for run in _runs(shas)}
    repository.releases = {
        70: Release(70, "v2.14.0", "PyTorch 2.14.0", "Notes", False, False, NOW, NOW, "captain")
    }
    repository.seen_refs = read_refs(git_dir)
    forge.repositories = {repository.full_name: repository}
    return forge


@contextmanager
def serve(forge: Forge, hourly_limit: int = HOURLY_LIMIT) -> Iterator[str]:
    """The forge on a loopback port; gives its address."""
    service = Service("github", create_app(forge, hourly_limit=hourly_limit), io.StringIO())
    try:
        yield service.url
    finally:
        service.stop()


def only_repository(forge: Forge) -> Repository:
    """The forge's tiny repository."""
    return forge.repositories[f"{OWNER}/{NAME}"]


def _issues(shas: dict[str, str]) -> list[Issue]:
    day = timedelta(days=1)
    base = shas["cut"]
    issue = Issue(100, ISSUE, STRANGE, "See #4\x07", "ada", NOW - 3 * day, NOW - 2 * day)
    issue.labels, issue.assignees, issue.milestone = ["triaged", "unlisted"], ["captain"], 1
    issue.comments = [Comment(200, "reader", "a \x1b]0;comment", NOW - day, NOW - day)]
    pick = Issue(101, PICK, "Pick four", "", "ada", NOW - 2 * day, NOW - day, milestone=1)
    pick.pull = Pull("pick-four", "release/2.15", shas["pick"], base)
    pick.pull.reviews = [Review(300, "captain", "APPROVED", "ok", pick.pull.head_sha, NOW - day)]
    pick.pull.requested_reviewers = ["captain"]
    clash = Issue(102, CONFLICT, "Clash", "", "gone-user", NOW - day, NOW - day)
    clash.pull = Pull("clash", "release/2.15", shas["clash"], base)
    landed = Issue(103, LANDED, "Add four", "x", "ada", NOW - 5 * day, NOW - 4 * day, "closed")
    landed.closed_at = NOW - 4 * day
    landed.pull = Pull("fork:four", "main", "1" * 40, "2" * 40, NOW - 4 * day)
    landed.pull.merge_commit_sha = shas["landed"]
    landed.pull.merged_by, landed.milestone = "captain", 1
    draft = Issue(104, DRAFT, "Half done", "", "reader", NOW - day, NOW - day)
    draft.pull = Pull("half-done", "release/2.15", shas["half"], base, draft=True)
    return [issue, pick, clash, landed, draft]


def _runs(shas: dict[str, str]) -> list[Run]:
    sha = shas["cut"]
    hour = timedelta(hours=1)
    steps = (PlannedStep("Set up", 0.5), PlannedStep("Build", 0.5, "failure"))
    running = Run(RUNNING_RUN, 2, 40, "binaries", "push", "v2.15.0-rc1", sha, "captain", NOW - hour)
    running.jobs = [
        Job(610, "build a", 1, NOW - hour, NOW - hour, NOW - hour / 2, "success"),
        Job(611, "build b", 1, NOW - hour, NOW - hour, NOW + 3 * hour, "failure", steps=steps),
        Job(612, "build c", 1, NOW - hour, NOW + hour, NOW + 2 * hour, "success"),
        Job(613, "test c", 1, NOW + 2 * hour, NOW + 2 * hour, NOW + 3 * hour, "success"),
    ]
    done = Run(DONE_RUN, 1, 40, "binaries", "push", "v2.15.0-rc1", sha, "captain", NOW - 9 * hour)
    done.jobs = [
        Job(601, "build a", 1, NOW - 9 * hour, NOW - 9 * hour, NOW - 8 * hour, "success"),
        Job(602, "build b", 1, NOW - 9 * hour, NOW - 9 * hour, NOW - 8 * hour, "failure",
            steps=steps, log="all went\x1b[31m wrong\n"),
        Job(603, "build a", 2, NOW - 9 * hour, NOW - 9 * hour, NOW - 8 * hour, "success"),
        Job(604, "build b", 2, NOW - 7 * hour, NOW - 7 * hour, NOW - 6 * hour, "failure",
            log="wrong again\n"),
    ]  # fmt: skip
    done.attempt = 2
    long_ago = NOW - timedelta(days=91)
    old = Run(OLD_RUN, 1, 41, "lint", "push", "main", shas["main"], "bot", long_ago)
    old.jobs = [Job(OLD_JOB, "lint", 1, long_ago, long_ago, long_ago + hour, "success", log="ok\n")]
    return [running, done, old]
