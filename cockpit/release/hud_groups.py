"""The groups in which the HUD shows jobs: the first pattern that matches; process section 7.9."""

from __future__ import annotations

import re
from functools import lru_cache

OTHER = "other"
_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"^CRCR ", "CRCR"),
    (r"(?i)vllm", "vLLM"),
    (r", mem_leak", "Memory Leak Check"),
    (r", rerun_", "Rerun Disabled Tests"),
    (r"unstable", "Unstable"),
    (r"^xpu", "XPU"),
    (r"inductor-periodic", "Inductor Periodic"),
    (r"periodic", "Periodic"),
    (r"slow", "Slow"),
    (r"Lint", "Lint"),
    (r"inductor", "Inductor"),
    (r"pallas", "Pallas"),
    (r"android", "Android"),
    (r"rocm", "ROCm"),
    (r"-xla", "XLA"),
    (r"\slinux-|sm86", "Linux"),
    (r"linux-binary", "Binary Linux"),
    (r"windows-binary", "Binary Windows"),
    (
        r"Add annotations|Close stale pull requests|Label PRs & Issues|Triage|Update S3 HTML",
        "Annotations and labeling",
    ),
    (r"Build Official Docker|docker-release", "Docker"),
    (r"\swin-", "Windows"),
    (r"calculate-docker-image", "Calculate docker image"),
    (r"docker-builds", "CI docker image builds"),
    (r"ios", "iOS"),
    (r"\smacos-", "Mac"),
    (r"parallel", "Parallel"),
    (r"docs push|docs build", "Docs"),
    (r"libtorch", "Libtorch"),
    (r"pull|trunk", "Other viable/strict blocking"),
)
_COMPILED = tuple((re.compile(pattern), group) for pattern, group in _PATTERNS)
ORDER = (
    "Lint",
    "Linux",
    "Windows",
    "iOS",
    "Mac",
    "ROCm",
    "XLA",
    "XPU",
    "Pallas",
    "vLLM",
    "Parallel",
    "Libtorch",
    "Android",
    "Binary Linux",
    "Docker",
    "Docs",
    "Calculate docker image",
    "CI docker image builds",
    "Periodic",
    "Slow",
    "Inductor",
    "Inductor Periodic",
    "Other viable/strict blocking",
    "Annotations and labeling",
    "Binary Windows",
    "Memory Leak Check",
    "Rerun Disabled Tests",
    "CRCR",
    OTHER,
    "Unstable",
)
"""From top to bottom; section 7.10 tells what follows Android and how it ends."""


@lru_cache(maxsize=16384)
def hud_group(workflow: str, name: str) -> str:
    """The group of a job; ROCm wheels go to ROCm, since its pattern comes first."""
    full = f"{workflow} / {name}"
    return next((group for pattern, group in _COMPILED if pattern.search(full)), OTHER)
