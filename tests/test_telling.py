"""What `do` prints while a plan is carried out, on a terminal and into a log."""

from __future__ import annotations

import pytest

from cockpit.commands.telling import Teller
from cockpit.operations.plan import Progress, StepFacts
from cockpit.operations.runner import StepOutcome, StepReport

STEPS = (
    StepFacts("copy", "Copy 44 files of torch 2.15.0 to s3://pytorch/whl/cu130", "aws s3 cp"),
    StepFacts("mirror", "Copy 44 files of torch 2.15.0 to r2", "aws s3 cp"),
)
HALF = Progress(2_000_000_000, 4_000_000_000, "bytes", "torch-2.15.0-cp313.whl")
FAR = "  50 %  2.0 GB/4.0 GB  20 MB/s  ~1 min left  torch-2.15.0-cp313.whl"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def told(clock: Clock, *, live: bool) -> None:
    """One step that copies for 100 s, and one that was done already."""
    teller = Teller(STEPS, live=live, clock=clock)
    teller(StepReport("copy", StepOutcome.RUNNING))
    for second in range(101):
        clock.now = second
        if second >= 50:
            teller(StepReport("copy", StepOutcome.RUNNING, HALF))
        teller.look()
    teller(StepReport("copy", StepOutcome.DONE, detail="44 files, verified"))
    teller(StepReport("mirror", StepOutcome.SKIPPED))
    teller.look()


@pytest.mark.parametrize("live", [False, True])
def test_every_step_is_named_with_how_it_ended(
    live: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    told(Clock(), live=live)
    assert capsys.readouterr().out.splitlines() == [
        STEPS[0].summary,
        "done: 44 files, verified",
        STEPS[1].summary,
        "done already",
    ]


def test_a_log_gets_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    told(Clock(), live=False)
    assert capsys.readouterr().err.splitlines() == [
        "  50 %  2.0 GB/4.0 GB  33 MB/s  ~1 min left  torch-2.15.0-cp313.whl"
    ]


def test_a_terminal_gets_one_line_that_is_drawn_over_and_erased(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told(Clock(), live=True)
    drawn = capsys.readouterr().err
    assert "\n" not in drawn
    assert drawn.endswith(f"\r\x1b[2K{FAR}\r\x1b[2K")
    assert "\r\x1b[2K  12 s\r" in drawn


def test_why_a_step_stands_still_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller(STEPS, live=False, clock=Clock())
    for _ in range(3):
        teller(StepReport("copy", StepOutcome.RUNNING, Progress(paused="the login has ended")))
    teller(StepReport("copy", StepOutcome.RUNNING, HALF))
    teller(StepReport("copy", StepOutcome.RUNNING, Progress(paused="the login has ended")))
    assert capsys.readouterr().err.splitlines() == ["paused: the login has ended"] * 2
