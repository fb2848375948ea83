"""What a job's steps are, and what its log says, depending on how it ends."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime

from cockpit.rehearsal.model import Conclusion, JobTemplate, PlannedStep, Stage

_STEPS: dict[Stage, tuple[tuple[str, float], ...]] = {
    "prepare": (("Set up job", 0.3), ("Run", 0.6), ("Complete job", 0.1)),
    "build": (
        ("Set up job", 0.01),
        ("Checkout PyTorch", 0.03),
        ("Calculate docker image", 0.02),
        ("Pull docker image", 0.05),
        ("Build", 0.84),
        ("Upload artifacts", 0.04),
        ("Complete job", 0.01),
    ),
    "test": (
        ("Set up job", 0.02),
        ("Checkout PyTorch", 0.08),
        ("Download build artifacts", 0.1),
        ("Pull docker image", 0.2),
        ("Test", 0.58),
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

_MAIN_STEP: dict[Stage, str] = {
    "prepare": "Run",
    "build": "Build",
    "test": "Test",
    "upload": "Upload binaries",
    "extract": "Extract libtorch",
    "check": "Run",
}

_PASSING: dict[Stage, tuple[str, ...]] = {
    "prepare": ("label-type=lf.",),
    "build": (
        "-- The CXX compiler identification is GNU 13.3.1",
        "[1/7214] Building CXX object c10/CMakeFiles/c10.dir/core/Allocator.cpp.o",
        "[3607/7214] Building CXX object caffe2/CMakeFiles/torch_cpu.dir/aten/Ops.cpp.o",
        "[7214/7214] Linking CXX shared library lib/libtorch_python.so",
        "Compile requests 7214, cache hits 6120 (84.8 %)",
        "Successfully built torch",
    ),
    "test": (
        "+ python -c 'import torch; print(torch.__version__)'",
        "2.15.0",
        "Testing smoke_test_linalg ... ok",
        "Testing smoke_test_conv2d ... ok",
        "Testing smoke_test_compile ... ok",
    ),
    "upload": ("Completed 1 of 1 file(s)", "metadata: checksum-sha256 set"),
    "extract": ("adding: libtorch/lib/ (stored 0%)", "adding: libtorch/include/ (stored 0%)"),
    "check": ("ok",),
}

_BUILD_FAILURES = (
    (
        "FAILED: caffe2/CMakeFiles/torch_cuda.dir/aten/native/cuda/attention.cu.o",
        "error: static assertion failed: unsupported head dimension",
        "ninja: build stopped: subcommand failed.",
        "Error: Process completed with exit code 1.",
    ),
    (
        "sccache: error: Server startup failed: cache storage failed to read: timed out",
        "ninja: build stopped: subcommand failed.",
        "Error: Process completed with exit code 2.",
    ),
)
_TEST_FAILURES = (
    (
        "FAIL: test_scaled_dot_product_attention (smoke_test.TestAttention)",
        "AssertionError: Tensor-likes are not close!",
        "Mismatched elements: 31 / 4096 (0.8%)",
        "Greatest absolute difference: 0.0133 at index (3, 17) (up to 1e-05 allowed)",
        "Error: Process completed with exit code 1.",
    ),
    (
        "Downloading torch wheel: read timed out after 15.0 s, attempt 5 of 5",
        "Error: Process completed with exit code 1.",
    ),
)
_GPU_FAILURES = (
    (
        "torch.AcceleratorError: device not ready: the driver reports no usable device",
        "Error: Process completed with exit code 1.",
    ),
    *_TEST_FAILURES,
)
_ROCM_FAILURES = (
    (
        "torch.AcceleratorError: HIP error: invalid device function",
        "HIP kernel errors might be asynchronously reported at some other API call",
        "Error: Process completed with exit code 1.",
    ),
)
_UPLOAD_FAILURES = (
    (
        "upload failed: An error occurred (ExpiredToken) when calling the "
        "CreateMultipartUpload operation: The provided token has expired.",
        "Error: Process completed with exit code 1.",
    ),
)
_OTHER_FAILURES = (
    (
        "docker: Error response from daemon: toomanyrequests: rate exceeded",
        "Error: Process completed with exit code 125.",
    ),
)


def planned_steps(stage: Stage, conclusion: Conclusion) -> tuple[PlannedStep, ...]:
    """The steps of a job that ends like this."""
    steps = [PlannedStep(name, share) for name, share in _STEPS[stage]]
    if conclusion == "success":
        return tuple(steps)
    if conclusion == "skipped":
        return ()
    failing = next(at for at, step in enumerate(steps) if step.name == _MAIN_STEP[stage])
    ended: Conclusion = "cancelled" if conclusion in ("cancelled", "timed_out") else "failure"
    steps[failing] = replace(steps[failing], conclusion=ended)
    after: list[PlannedStep] = [replace(s, conclusion="skipped") for s in steps[failing + 1 : -1]]
    return (*steps[: failing + 1], *after, steps[-1])


def write_log(
    template: JobTemplate,
    conclusion: Conclusion,
    *,
    starts_at: datetime,
    ends_at: datetime,
    rng: random.Random,
) -> str:
    """The log as GitHub keeps it: every line begins with its time."""
    if conclusion == "skipped":
        return ""
    lines = [f"Requested labels: {template.runner}", f"Job name: {template.name}"]
    for step in planned_steps(template.stage, conclusion):
        if step.conclusion == "skipped":
            continue
        lines.append(f"##[group]{step.name}")
        if step.name == _MAIN_STEP[template.stage]:
            lines += _PASSING[template.stage][: None if step.conclusion == "success" else 3]
            lines += [f"##[error]{line}" for line in _last_words(template, step.conclusion, rng)]
        lines.append("##[endgroup]")
    step_time = (ends_at - starts_at) / len(lines)
    return "".join(
        f"{_stamp(starts_at + step_time * at)} {line}\n" for at, line in enumerate(lines)
    )


def _last_words(
    template: JobTemplate, conclusion: Conclusion, rng: random.Random
) -> tuple[str, ...]:
    if conclusion == "success":
        return ()
    if conclusion == "cancelled":
        return ("The operation was canceled.",)
    if template.stage == "build":
        return rng.choice(_BUILD_FAILURES)
    if template.stage == "upload":
        return rng.choice(_UPLOAD_FAILURES)
    if template.stage != "test":
        return rng.choice(_OTHER_FAILURES)
    if "rocm" in template.runner:
        return rng.choice(_ROCM_FAILURES)
    return rng.choice(_GPU_FAILURES if "gpu" in template.runner else _TEST_FAILURES)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
