"""`release-cockpit predict` against one `git merge-tree --stdin` of the same merges.

    git clone https://github.com/pytorch/test-infra
    python -m tests.bench.predictions --repo test-infra --onto origin/release/2.9 [--picks 400]

The picks are trunk commits since the branch was cut, chosen by the seed. The reference is handed
its merges ready made and only merges; `predict` is timed from the start of its process to its end,
with everything it finds out beside the merges: what landed already, and which missing commits cause
each conflict. With `--chain` each clean pick lands before the next, for which git has no single
command; it is timed and not judged. Prints medians; 1 when `predict` takes over 1.5 times as long,
or over 10 ms a pick.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5
ALLOWED_RATIO = 1.5
ALLOWED_MS = 10.0


def git(repo: Path, *arguments: str, stdin: str = "", objects: Path | None = None) -> str:
    """What a command prints, with new objects in a folder of their own."""
    environment = dict(os.environ, LC_ALL="C")
    if objects:
        shared = subprocess.run(
            [
                "git",
                "-C",
                str(repo),
                "rev-parse",
                "--path-format=absolute",
                "--git-common-dir",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        environment |= {
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": f"{shared.stdout.strip()}/objects",
        }
    done = subprocess.run(
        ["git", "-C", str(repo), *arguments],
        input=stdin.encode(),
        capture_output=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise SystemExit(f"git {arguments[0]}: {done.stderr.decode()}")
    return done.stdout.decode("utf-8", "replace").strip()


def merges(repo: Path, onto: str, picks: list[str], objects: Path) -> str:
    """What `merge-tree --stdin` reads: a made-up commit on each pick's parent, and the pick."""
    lines = []
    for pick in picks:
        headers = f"tree {git(repo, 'rev-parse', onto + '^{tree}')}\n"
        headers += f"parent {git(repo, 'rev-parse', pick + '^')}\n"
        who = "nobody <> 4102444800 +0000"
        made = git(
            repo,
            *("hash-object", "-t", "commit", "-w", "--stdin"),
            stdin=f"{headers}author {who}\ncommitter {who}\n\n",
            objects=objects,
        )
        lines.append(f"{made} {pick}\n")
    return "".join(lines)


def seconds_of_merges(repo: Path, lines: str, made: Path) -> float:
    """One run of git over all of them, into a fresh folder."""
    with tempfile.TemporaryDirectory() as folder:
        objects = Path(folder)
        (objects / "info").mkdir()
        (objects / "info" / "alternates").write_text(f"{made}\n", encoding="utf-8")
        started = time.perf_counter()
        git(repo, "merge-tree", "--write-tree", "--stdin", stdin=lines, objects=objects)
        return time.perf_counter() - started


def seconds_of_predict(repo: Path, onto: str, picks: list[str], *options: str) -> float:
    """One run of the command, from its start to its end."""
    command = [sys.executable, "-m", "cockpit.cli", "predict", "--repo", str(repo)]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "--onto", onto, "--json", *options, "-"],
        input="\n".join(picks).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode not in (0, 1) or done.stderr:
        raise SystemExit(done.stderr.decode())
    return time.perf_counter() - started


def main() -> int:
    """Time both in turn and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--onto", required=True)
    parser.add_argument("--trunk", default="origin/main")
    parser.add_argument("--picks", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--chain", action="store_true")
    arguments = parser.parse_args()
    repo, onto = arguments.repo.absolute(), arguments.onto
    since = git(repo, "rev-list", "--no-merges", f"{onto}..{arguments.trunk}").split()
    picks = random.Random(arguments.seed).sample(since, min(arguments.picks, len(since)))
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        lines = merges(repo, onto, picks, made)
        runs = [
            (
                seconds_of_merges(repo, lines, made),
                seconds_of_predict(repo, onto, picks),
                seconds_of_predict(repo, onto, picks, "--chain") if arguments.chain else 0.0,
            )
            for _ in range(RUNS)
        ]
    merging, predicting, chained = (statistics.median(column) for column in zip(*runs, strict=True))
    ratio, each = predicting / merging, predicting / len(picks) * 1000
    print(f"medians of {RUNS} runs, {len(picks)} picks onto {onto}")
    print(f"git merge-tree --stdin {merging:.2f} s, {merging / len(picks) * 1000:.1f} ms a pick")
    print(f"predict {predicting:.2f} s, {each:.1f} ms a pick, ratio {ratio:.2f}")
    if chained:
        print(f"predict --chain {chained:.2f} s, {chained / len(picks) * 1000:.1f} ms a pick")
    return int(ratio > ALLOWED_RATIO or each > ALLOWED_MS)


if __name__ == "__main__":
    sys.exit(main())
