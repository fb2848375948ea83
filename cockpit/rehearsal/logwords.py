"""The lines that logs are made of."""

from __future__ import annotations

import random
from collections.abc import Iterable

from cockpit.rehearsal.model import Conclusion, Job, Stage

_CYAN, _RED, _PLAIN = "\x1b[36;1m", "\x1b[31;1m", "\x1b[0m"

SETTING_UP = (
    "##[group]GITHUB_TOKEN Permissions",
    "Contents: read",
    "Metadata: read",
    "##[endgroup]",
    "Secret source: Actions",
    "Prepare workflow directory",
    "Prepare all required actions",
    "Getting action download info",
    "Download action repository 'pytorch/test-infra@release/2.15'",
)

BETWEEN_STEPS = (
    "with:",
    "  repository: pytorch/pytorch",
    "  submodules: recursive",
    "env:",
    "  GIT_DEFAULT_BRANCH: main",
    "  PYTORCH_FINAL_PACKAGE_DIR: /artifacts",
    "##[endgroup]",
    f"{_CYAN}set -eux -o pipefail{_PLAIN}",
    "+ mkdir -p artifacts",
    "Syncing repository: pytorch/pytorch",
    "Done.",
)

CLEANING = (
    "Post job cleanup.",
    "[command]/usr/bin/git version",
    "git version 2.50.1",
    "Temporarily overriding HOME before making global git config changes",
    "Adding repository directory to the temporary git global config as a safe directory",
    *(
        f"Entering 'third_party/{name}'"
        for name in (
            *("FP16", "FXdiv", "NNPACK", "XNNPACK", "aiter", "benchmark", "composable_kernel"),
            *("cpp-httplib", "cpuinfo", "cudnn_frontend", "cutlass", "fbgemm", "flash-attention"),
            *("flatbuffers", "fmt", "gemmlowp", "gloo", "googletest", "ideep", "ittapi"),
            *("kineto", "kleidiai", "mimalloc", "nlohmann", "onnx", "opentelemetry-cpp"),
            *("pocketfft", "protobuf", "psimd", "pthreadpool", "pybind11", "sleef", "tensorpipe"),
        )
        for _ in range(3)
    ),
    f"{_CYAN}docker ps -q --all | xargs --no-run-if-empty docker stop{_PLAIN}",
    "Stopped 1 container",
)
"""What comes after the step that failed: about as much as a screen or two."""

_PASSING_TESTS = ("linalg", "conv2d", "compile", "export", "autograd", "amp", "dataloader", "sdpa")
_SOURCES = ("Allocator", "TensorImpl", "Ops", "Dispatcher", "Engine", "Graph", "Module", "Storage")

_WORK: dict[Stage, tuple[str, ...]] = {
    "prepare": ("label-type=lf.",),
    "build": (
        "-- The CXX compiler identification is GNU 13.3.1",
        "Compile requests 7214, cache hits 6120 (84.8 %)",
        "Successfully built torch",
    ),
    "test": ("+ python -c 'import torch; print(torch.__version__)'", "2.15.0", "OK"),
    "upload": ("+ aws s3 cp", "Completed 1 of 1 file(s)", "metadata: checksum-sha256 set"),
    "extract": ("adding: libtorch/lib/ (stored 0%)", "adding: libtorch/include/ (stored 0%)"),
    "check": ("+ make check", "ok"),
}

_EXIT_1 = "##[error]Process completed with exit code 1."
_BUILD_FAILURES = (
    (
        "FAILED: caffe2/CMakeFiles/torch_cuda.dir/aten/native/cuda/attention.cu.o",
        f"{_RED}error:{_PLAIN} static assertion failed: unsupported head dimension",
        "ninja: build stopped: subcommand failed.",
        _EXIT_1,
    ),
    (
        "sccache: error: Server startup failed: cache storage failed to read: timed out",
        "ninja: build stopped: subcommand failed.",
        "##[error]Process completed with exit code 2.",
    ),
)
_TEST_FAILURES = (
    (
        "FAIL: test_scaled_dot_product_attention (smoke_test.TestAttention)",
        "Traceback (most recent call last):",
        '  File "/pytorch/.ci/pytorch/smoke_test/smoke_test.py", line 412, in test_sdpa',
        f"{_RED}AssertionError: Tensor-likes are not close!{_PLAIN}",
        "Mismatched elements: 31 / 4096 (0.8%)",
        "Greatest absolute difference: 0.0133 at index (3, 17) (up to 1e-05 allowed)",
        "FAILED (failures=1)",
        _EXIT_1,
    ),
    (
        f"{_RED}ERROR: Could not install packages due to an OSError: read timed out{_PLAIN}",
        "Downloading torch wheel: read timed out after 15.0 s, attempt 5 of 5",
        _EXIT_1,
    ),
)
_GPU_FAILURES = (
    (
        "Traceback (most recent call last):",
        f"{_RED}torch.AcceleratorError: device not ready: no usable device{_PLAIN}",
        _EXIT_1,
    ),
    *_TEST_FAILURES,
)
_ROCM_FAILURES = (
    (
        "Traceback (most recent call last):",
        f"{_RED}torch.AcceleratorError: HIP error: invalid device function{_PLAIN}",
        "HIP kernel errors might be asynchronously reported at some other API call",
        _EXIT_1,
    ),
)
_UPLOAD_FAILURES = (
    (
        "upload failed: An error occurred (ExpiredToken) when calling the "
        "CreateMultipartUpload operation: The provided token has expired.",
        _EXIT_1,
    ),
)
_OTHER_FAILURES = (
    (
        "docker: Error response from daemon: toomanyrequests: rate exceeded",
        "##[error]Process completed with exit code 125.",
    ),
)


def preamble(name: str, runner: Iterable[str]) -> tuple[str, ...]:
    """How the runner introduces itself."""
    return (
        "Current runner version: '2.328.0'",
        f"Runner labels: {', '.join(runner)}",
        "##[group]Runner Image Provisioner",
        "Hosted Compute Agent",
        "##[endgroup]",
        f"Complete job name: {name}",
    )


def work_lines(stage: Stage, rng: random.Random, *, cut_short: bool) -> list[str]:
    """What the main step says while all is well; less of it when it was cut short."""
    said = ["with:", "##[endgroup]", f"{_CYAN}.ci/pytorch/{stage}.sh{_PLAIN}"]
    words = _WORK[stage]
    if stage == "build":
        last = 1200 if not cut_short else rng.randrange(300, 1100)
        ninja = (
            f"[{6 * at}/7214] Building CXX object {rng.choice(_SOURCES)}.cpp.o"
            for at in range(1, last)
        )
        return [*said, words[0], *ninja, *([] if cut_short else words[1:])]
    if stage == "test":
        last = 240 if not cut_short else rng.randrange(80, 200)
        tests = (
            f"test_{rng.choice(_PASSING_TESTS)}_{at} (smoke_test.TestWheel) ... ok"
            for at in range(last)
        )
        return [*said, *words[:2], *tests, *([] if cut_short else words[2:])]
    return [*said, *(words[:1] if cut_short else words)]


def last_words(job: Job, conclusion: Conclusion, rng: random.Random) -> tuple[str, ...]:
    """What the step says that did not succeed."""
    if conclusion == "cancelled":
        return ("##[error]The operation was canceled.",)
    if job.stage == "build":
        return rng.choice(_BUILD_FAILURES)
    if job.stage == "upload":
        return rng.choice(_UPLOAD_FAILURES)
    if job.stage != "test":
        return rng.choice(_OTHER_FAILURES)
    runner = " ".join(job.labels)
    if "rocm" in runner:
        return rng.choice(_ROCM_FAILURES)
    return rng.choice(_GPU_FAILURES if "gpu" in runner else _TEST_FAILURES)
