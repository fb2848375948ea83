"""How long panes take with 2,000 jobs and 100 picks: `python -m tests.views.bench_panes`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import msgspec

from cockpit.process.loader import load_process
from cockpit.release.board import board
from cockpit.release.nominations import Verdict
from cockpit.release.state import ReleaseState
from cockpit.views.branches import branches_pane
from cockpit.views.build_matrix import build_matrix
from cockpit.views.builds import builds_pane
from cockpit.views.checklist import checklist_pane
from cockpit.views.header import Controls, header
from cockpit.views.picks import picks_pane
from cockpit.views.text import render
from tests.release.states import (
    answer,
    builds,
    feed,
    green_jobs,
    nomination,
    pull,
    tracked,
    with_,
)

ROUNDS = 9


def large() -> ReleaseState:
    """2,000 jobs and 100 picks."""
    once = green_jobs()
    jobs = [
        msgspec.structs.replace(
            once[n % len(once)], id=n, workflow=f"{once[n % len(once)].workflow}-{n // len(once)}"
        )
        for n in range(2_000)
    ]
    numbers = range(1000, 1100)
    return with_(
        builds=feed(builds(*jobs)),
        picks=feed(
            tracked(
                tuple(pull(n, f"Fix {n}") for n in numbers),
                tuple(nomination(n + 100_000, n) for n in numbers),
                tuple(answer(n, Verdict.APPROVED) for n in numbers if n % 2),
            )
        ),
    )


def measured(make: Callable[[ReleaseState], object]) -> float:
    """Median milliseconds over fresh copies of the state, which cache what they once computed."""
    taken = []
    for _ in range(ROUNDS):
        state = large()
        started = perf_counter()
        make(state)
        taken.append((perf_counter() - started) * 1000)
    return sorted(taken)[ROUNDS // 2]


def main() -> None:
    """Print one line for each pane."""
    process = load_process("pytorch", Path())
    looks: dict[str, Callable[[ReleaseState], object]] = {
        "board": board,
        "header": lambda state: header(state, process, Controls(), 160),
        "branches": branches_pane,
        "builds": builds_pane,
        "matrix": build_matrix,
        "picks": picks_pane,
        "checklist": lambda state: checklist_pane(state, process),
        "text": lambda state: render(state, process, width=120),
    }
    for name, make in looks.items():
        sys.stdout.write(f"{name:<10} {measured(make):6.1f} ms\n")


if __name__ == "__main__":
    main()
