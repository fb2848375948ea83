"""`missing` against one `git log` of the same ranges, and against PyTorch's own analysis.

    python -m tests.bench.missing                                  # a made-up history of 40,000
    python -m tests.bench.missing --repo CLONE --branch release/2.9
    python -m tests.bench.missing … --analyzer github_analyze.py   # the script to compare with

The script is `tools/analytics/github_analyze.py` of pytorch/test-infra. Everything runs in turn, as
processes, on a fresh clone that has the branches as those of `origin`, which is how the script
wants them. Bytecode is compiled first, as an installer does.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

ROOT = Path(__file__).parent.parent.parent
RUNS = 9
LARGE = 40_000
PICKS = 300
_BOT = "PyTorch MergeBot <pytorchmergebot@users.noreply.github.com>"
ALLOWED_RATIO = 2.0
TIMES_FASTER = 4
"""Than the script, on a large history, with a third of its memory."""
COMMAND = Path(sys.executable).with_name("release-cockpit")


@dataclass(frozen=True, slots=True)
class Taken:
    """What one command took: medians of its times, and the most memory of any run."""

    milliseconds: float
    cpu: float
    """Milliseconds of all its processes, which a busy machine stretches less."""
    megabytes: float


def measure(commands: dict[str, list[str]]) -> dict[str, Taken]:
    """Run the commands in turn, so that a busy moment falls on all of them."""
    runs: dict[str, list[Taken]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            runs[name].append(once(command))
    return {
        name: Taken(
            statistics.median(run.milliseconds for run in taken),
            statistics.median(run.cpu for run in taken),
            max(run.megabytes for run in taken),
        )
        for name, taken in runs.items()
    }


def once(command: list[str]) -> Taken:
    """One run; its memory is that of the largest of its processes."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Taken(1e3 * seconds, 1e3 * (used.ru_utime + used.ru_stime), used.ru_maxrss / 1024)


def made_up(git_dir: Path, commits: int) -> None:
    """A repository like core's: so many squashes on trunk since the cut, one in 30 a revert."""
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--initial-branch=main", git_dir], check=True
    )
    importer = subprocess.Popen(
        ["git", f"--git-dir={git_dir}", "fast-import", "--quiet"], stdin=subprocess.PIPE
    )
    with importer, cast("IO[bytes]", importer.stdin) as stream:
        for number in range(1, commits + 202):
            if number == 201:
                stream.write(b"reset refs/heads/release/2.15\nfrom :200\n\n")
            stream.write(_commit(number, "refs/heads/main", _message(number)))
        for number in range(PICKS):
            source = 203 + 30 * number
            title = f"Fix the strides of kernel {source} (#{source}) (#{90_000 + number})"
            message = f"{title}\n\n{_BODY}\n"
            stream.write(_commit(commits + 1_000 + number, "refs/heads/release/2.15", message))


_BODY = "\n".join(["The generic path was taken, which is wrong for views of such inputs."] * 30)


def _message(number: int) -> str:
    reverted = number - 9
    if number % 30 == 0 and number > 30:
        title = f"Fix the strides of kernel {reverted} (#{reverted})"
        return f'Revert "{title}"\n\nReverted https://github.com/pytorch/pytorch/pull/{reverted}'
    resolved = f"Pull Request resolved: https://github.com/pytorch/pytorch/pull/{number}"
    return f"Fix the strides of kernel {number} (#{number})\n\n{_BODY}\n\n{resolved}"


def _commit(number: int, ref: str, message: str) -> bytes:
    at = 1_700_000_000 + 600 * number
    content = f"revision {number}"
    author = _BOT if message.startswith("Revert") else f"Ada <ada{number % 400}@example.org>"
    lines = [
        f"commit {ref}",
        f"mark :{number}",
        f"author {author} {at} +0000",
        f"committer {author} {at} +0000",
        f"data {len(message.encode())}",
        message,
        f"M 100644 inline src/kernel{number % 500}.cpp",
        f"data {len(content)}",
        content,
    ]
    return ("\n".join(lines) + "\n").encode()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repo", type=Path, help="a clone; a history is made up without one")
    parser.add_argument("--branch", default="release/2.15")
    parser.add_argument("--trunk", default="main")
    parser.add_argument("--commits", type=int, default=LARGE)
    parser.add_argument("--analyzer", type=Path, metavar="github_analyze.py")
    given = parser.parse_args()
    compileall.compile_dir(ROOT / "cockpit", quiet=2)
    with tempfile.TemporaryDirectory(prefix="missing-bench-") as folder:
        source = given.repo or Path(folder) / "made-up.git"
        if given.repo is None:
            made_up(source, given.commits)
        clone = Path(folder) / "clone"
        subprocess.run(
            ["git", "clone", "--quiet", "--no-checkout", source.resolve(), clone], check=True
        )
        taken = measure(commands(clone, given.branch, given.trunk, given.analyzer))
    report(taken, large=given.repo is None)


def commands(clone: Path, branch: str, trunk: str, analyzer: Path | None) -> dict[str, list[str]]:
    """What is compared."""
    heads = (f"origin/{trunk}", f"origin/{branch}")
    git = ["git", "-C", str(clone)]
    base = subprocess.run([*git, "merge-base", *heads], capture_output=True, text=True, check=True)
    words = ["--repo", str(clone), "--branch", branch, "--trunk", trunk, "--json"]
    found = {
        "empty python": [sys.executable, "-c", "pass"],
        "git log": [*git, "log", "--format=fuller", *heads, f"^{base.stdout.strip()}"],
        "missing": [str(COMMAND), "missing", *words],
    }
    if analyzer is not None:
        script = [sys.executable, str(analyzer), "--repo-path", str(clone), "--remote", "origin"]
        asked = ["--analyze-missing-reverts-from-branch", "--branch", branch]
        found["github_analyze.py"] = [*script, *asked]
    return found


def report(taken: dict[str, Taken], *, large: bool) -> None:
    """Print the figures; ends with 1 when one is not as promised."""
    for name, each in taken.items():
        print(
            f"{name:18} {each.milliseconds:8.0f} ms {each.cpu:8.0f} ms of CPU"
            f" {each.megabytes:6.0f} MB"
        )
    ours = taken["missing"]
    ratio = ours.milliseconds / (taken["git log"].milliseconds + taken["empty python"].milliseconds)
    verdicts = {
        f"{ratio:.2f} of git log and an empty Python (allowed {ALLOWED_RATIO})": ratio
        <= ALLOWED_RATIO
    }
    if theirs := taken.get("github_analyze.py"):
        faster = theirs.milliseconds / ours.milliseconds
        needed = TIMES_FASTER if large else 1
        verdicts[f"{faster:.1f} times as fast as github_analyze.py (needed {needed})"] = (
            faster >= needed
        )
        if large:
            share = ours.megabytes / theirs.megabytes
            verdicts[f"{share:.2f} of its memory (allowed 0.33)"] = share <= 1 / 3
    for verdict, kept in verdicts.items():
        print("ok  " if kept else "FAIL", verdict)
    sys.exit(not all(verdicts.values()))


if __name__ == "__main__":
    main()
