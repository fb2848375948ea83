"""The steps of a job, depending on what it is for and how it ends."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from cockpit.rehearsal.model import Conclusion, PlannedStep, Stage

_STEPS: dict[Stage, tuple[tuple[str, float], ...]] = {
    "prepare": (("Set up job", 0.3), ("Run", 0.6), ("Complete job", 0.1)),
    "build": (
        ("Set up job", 0.01),
        ("Checkout PyTorch", 0.03),
        ("Calculate docker image", 0.02),
        ("Pull docker image", 0.05),
        ("Build", 0.83),
        ("Upload artifacts", 0.04),
        ("Post Checkout PyTorch", 0.01),
        ("Complete job", 0.01),
    ),
    "test": (
        ("Set up job", 0.02),
        ("Checkout PyTorch", 0.08),
        ("Download build artifacts", 0.1),
        ("Pull docker image", 0.2),
        ("Test", 0.56),
        ("Post Checkout PyTorch", 0.02),
        ("Complete job", 0.02),
    ),
    "upload": (
        ("Set up job", 0.1),
        ("Configure AWS credentials", 0.1),
        ("Download build artifacts", 0.4),
        ("Upload binaries", 0.35),
        ("Complete job", 0.05),
    ),
    "extract": (
        ("Set up job", 0.05),
        ("Download build artifacts", 0.35),
        ("Extract libtorch", 0.55),
        ("Complete job", 0.05),
    ),
    "check": (("Set up job", 0.05), ("Checkout", 0.1), ("Run", 0.8), ("Complete job", 0.05)),
}

MAIN_STEP: dict[Stage, str] = {
    "prepare": "Run",
    "build": "Build",
    "test": "Test",
    "upload": "Upload binaries",
    "extract": "Extract libtorch",
    "check": "Run",
}
"""The step that does what the job is for, and fails where the job does."""

_ALWAYS = ("Post Checkout PyTorch", "Complete job")
"""Steps that run after a failure too."""


@lru_cache
def planned_steps(stage: Stage, conclusion: Conclusion) -> tuple[PlannedStep, ...]:
    """The steps of a job that ends like this."""
    steps = [PlannedStep(name, share) for name, share in _STEPS[stage]]
    if conclusion == "success":
        return tuple(steps)
    if conclusion == "skipped":
        return ()
    failing = next(at for at, step in enumerate(steps) if step.name == MAIN_STEP[stage])
    ended: Conclusion = "cancelled" if conclusion in ("cancelled", "timed_out") else "failure"
    steps[failing] = replace(steps[failing], conclusion=ended)
    for at in range(failing + 1, len(steps)):
        if steps[at].name not in _ALWAYS:
            steps[at] = replace(steps[at], conclusion="skipped")
    return tuple(steps)
