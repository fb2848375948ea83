"""Holds predictions to what `git cherry-pick` really does, on a repository of your own.

    git clone https://github.com/pytorch/test-infra
    python -m tests.bench.cherry_picks --repo test-infra [--picks 1000] [--seed 1]

The repository is only read: everything happens in a clone of it that is removed afterwards. Random
trunk commits are picked onto the tips of the release branches, and every commit that a release
branch has to itself and whose source can be told is picked anew onto its own parent. For each of
them result and tree have to be the same. Prints the counts and every difference; 1 when there is
one.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cockpit.backends.git_borrowed import BorrowedClone
from cockpit.backends.git_runner import GitRunner
from cockpit.backends.git_spawn import spawn
from cockpit.release.prediction import Outcome, PickOf, Prediction

_RELEASE = re.compile(r"origin/release/\d+\.\d+.*")
_PULL = re.compile(r"#(\d+)\b")
_AROUND_A_TITLE = re.compile(r"^\[[^\]]*\]\s*|\s*\(#\d+\)")
_NOTHING_NEW = (Outcome.EMPTY, Outcome.ALREADY)


@dataclass(frozen=True)
class Trial:
    """One commit to pick onto another."""

    onto: str
    commit: str


class Work:
    """A throw-away clone with a work tree."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.path = folder / "work"
        command = ["git", "clone", "--quiet", "--shared", "--no-checkout"]
        subprocess.run([*command, str(source), str(self.path)], check=True)
        for key, value in (
            ("user.name", "Nobody"),
            ("user.email", "nobody@localhost"),
            ("commit.gpgSign", "false"),
            ("rerere.enabled", "false"),
            ("core.hooksPath", os.devnull),
            ("gc.auto", "0"),
            ("advice.detachedHead", "false"),
        ):
            self.git("config", key, value)

    def git(self, *arguments: str, check: bool = True) -> str:
        """What a command prints."""
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments], capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise SystemExit(f"git {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def cherry_pick(self, trial: Trial) -> tuple[str, str | None]:
        """`clean`, `conflict` or `empty` as git has it, with the tree where there is one."""
        self.git("cherry-pick", "--quit", check=False)
        self.git("reset", "--quiet", "--hard")
        self.git("clean", "-ffdxq")
        self.git("checkout", "--quiet", "--force", "--detach", trial.onto)
        before = self.git("rev-parse", "HEAD^{tree}")
        self.git(
            "cherry-pick", "--allow-empty", "--keep-redundant-commits", trial.commit, check=False
        )
        if self.git("diff", "--name-only", "--diff-filter=U"):
            return "conflict", None
        if self.git("rev-parse", "HEAD") == trial.onto:
            return "conflict", None
        after = self.git("rev-parse", "HEAD^{tree}")
        return ("empty" if after == before else "clean"), after


def release_branches(work: Work) -> list[str]:
    """The release branches, as remote branches of the clone."""
    listed = work.git("for-each-ref", "--format=%(refname:short)", "refs/remotes/origin")
    return [name for name in listed.splitlines() if _RELEASE.fullmatch(name)]


def random_trials(work: Work, count: int, seed: int) -> list[Trial]:
    """Trunk commits onto release tips, chosen by the seed."""
    chance = random.Random(seed)
    commits = work.git("rev-list", "--no-merges", "origin/HEAD").split()
    tips = [work.git("rev-parse", branch) for branch in release_branches(work)]
    return [Trial(chance.choice(tips), chance.choice(commits)) for _ in range(count)]


def recorded_trials(work: Work) -> list[Trial]:
    """The picks that release branches have: their sources, onto the parents they really had."""
    rows = work.git("log", "--no-merges", "--format=%H%x09%s", "origin/HEAD").splitlines()
    titles: dict[str, str] = {}
    pulls: dict[str, str] = {}
    for sha, title in reversed([row.split("\t", 1) for row in rows]):
        titles.setdefault(_AROUND_A_TITLE.sub("", title), sha)
        if numbers := _PULL.findall(title):
            pulls[numbers[-1]] = sha
    return [
        trial for branch in release_branches(work) for trial in _picks(work, branch, titles, pulls)
    ]


def _picks(
    work: Work, branch: str, titles: dict[str, str], pulls: dict[str, str]
) -> Iterator[Trial]:
    listed = work.git("log", "--no-merges", "--format=%H%x09%P%x09%s", f"origin/HEAD..{branch}")
    for row in listed.splitlines():
        sha, parent, title = row.split("\t", 2)
        trailer = re.search(r"cherry picked from commit ([0-9a-f]+)", work.git("show", "-s", sha))
        numbers = [pulls[number] for number in _PULL.findall(title) if number in pulls]
        same_title = titles.get(_AROUND_A_TITLE.sub("", title))
        source = trailer[1] if trailer else same_title or next(iter(numbers), None)
        if source:
            yield Trial(parent, source)


def agrees(prediction: Prediction, result: str, tree: str | None) -> bool:
    """Whether a prediction is what git did; what landed before may be empty or conflict to git."""
    if prediction.outcome is Outcome.ALREADY and result == "conflict":
        return prediction.landed is not None and prediction.landed.by.speaks_of_all
    if prediction.outcome in _NOTHING_NEW:
        return result == "empty" and prediction.tree == tree
    return prediction.outcome.value == result and prediction.tree == tree


def compare(work: Work, trials: list[Trial]) -> list[str]:
    """Predict by tip, pick each, and tell every difference."""
    clone = BorrowedClone(work.path, GitRunner(spawn, silence_s=600))
    counts: Counter[tuple[str, str]] = Counter()
    wrong = []
    for onto in dict.fromkeys(trial.onto for trial in trials):
        commits = [trial.commit for trial in trials if trial.onto == onto]
        full = clone.commits(commits)
        for commit, found in zip(
            full, clone.predict(onto, [PickOf(each) for each in full]), strict=True
        ):
            result, tree = work.cherry_pick(Trial(onto, commit))
            counts[found.outcome.value, result] += 1
            if not agrees(found, result, tree):
                predicted = f"{found.outcome.value} {found.tree} {found.why}"
                wrong.append(f"{commit} onto {onto}: predicted {predicted}, git {result} {tree}")
    for (predicted, result), number in sorted(counts.items()):
        print(f"  {number:5} predicted {predicted}, git cherry-pick: {result}")
    return wrong


def main() -> int:
    """Compare both sets; 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--picks", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        work = Work(arguments.repo.absolute(), Path(folder))
        for name, trials in (
            ("recorded picks on their own parents", recorded_trials(work)),
            (
                "random trunk commits on release tips",
                random_trials(work, arguments.picks, arguments.seed),
            ),
        ):
            print(f"{len(trials)} {name}:")
            wrong += compare(work, trials)
    print(*wrong, f"{len(wrong)} differ", sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
