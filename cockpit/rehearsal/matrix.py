"""The build matrix of a release, and the jobs and wheels it stands for."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.rehearsal.model import JobTemplate


@dataclass(frozen=True, slots=True)
class Target:
    """One operating system and architecture with its accelerators."""

    os: str
    arch: str
    accelerators: tuple[str, ...]
    """Folder names of the channel: `cpu`, `cu130`, `rocm7.2`, `xpu`."""
    libtorch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """Every Python version on every target."""

    pythons: tuple[str, ...]
    """`3.13` or, free-threaded, `3.13t`."""
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel of the matrix."""

    target: Target
    accelerator: str
    python: str

    @property
    def configuration(self) -> str:
        """The name all its jobs begin with."""
        package = "manywheel" if self.target.os == "linux" else "wheel"
        python = self.python.replace(".", "_")
        return f"{package}-py{python}-{job_accelerator(self.target, self.accelerator)}"

    @property
    def workflow(self) -> str:
        """The workflow that builds it."""
        return BINARY_WORKFLOWS[self.target.os, self.target.arch]

    @property
    def upload_job(self) -> str:
        """The job that puts it into the test channel."""
        return f"{self.configuration}-upload / upload"


BINARY_WORKFLOWS = {
    ("linux", "x86_64"): "linux-binary-manywheel",
    ("linux", "aarch64"): "linux-aarch64-binary-manywheel",
    ("linux", "s390x"): "linux-s390x-binary-manywheel",
    ("windows", "x86_64"): "windows-binary-wheel",
    ("macos", "arm64"): "macos-arm64-binary-wheel",
}


def job_accelerator(target: Target, accelerator: str) -> str:
    """How job names spell a channel folder: `cuda13_0`, `cuda-aarch64-13_0`, `cpu-s390x`."""
    if accelerator == "cpu":
        return "cpu" if target.arch in ("x86_64", "arm64") else f"cpu-{target.arch}"
    if accelerator.startswith("cu"):
        digits = accelerator.removeprefix("cu")
        spelled = f"{digits[:-1]}_{digits[-1]}"
        return f"cuda-aarch64-{spelled}" if target.arch == "aarch64" else f"cuda{spelled}"
    return accelerator.replace(".", "_")


def wheels(matrix: Matrix, target: Target) -> list[Wheel]:
    """Every wheel of one target."""
    return [
        Wheel(target, accelerator, python)
        for python in matrix.pythons
        for accelerator in target.accelerators
    ]


_VISION_ACCELERATORS = ("cpu", "cu130")


def vision_wheels(matrix: Matrix, target: Target | None = None) -> list[Wheel]:
    """The wheels that vision has, of one target or of all."""
    targets = matrix.targets if target is None else (target,)
    return [
        wheel
        for target in targets
        if target.arch != "s390x"
        for wheel in wheels(matrix, target)
        if wheel.accelerator in _VISION_ACCELERATORS
    ]


def libtorch_upload_job(target: Target, accelerator: str) -> str:
    """The job that puts a libtorch archive into the test channel."""
    return f"{_libtorch_name(target, accelerator)}-upload / upload"


def _libtorch_name(target: Target, accelerator: str) -> str:
    return f"libtorch-{job_accelerator(target, accelerator)}-shared-with-deps-release"


def binary_jobs(matrix: Matrix, target: Target) -> tuple[JobTemplate, ...]:
    """The jobs of the workflow that builds one target."""
    jobs: list[JobTemplate] = []
    if target.os != "macos":
        jobs.append(JobTemplate("get-label-type", "prepare", minutes=(0.2, 0.6)))
    for wheel in wheels(matrix, target):
        jobs += _macos_jobs(wheel) if target.os == "macos" else _wheel_jobs(wheel)
    for accelerator in target.libtorch:
        jobs += _libtorch_jobs(Wheel(target, accelerator, matrix.pythons[0]))
    return tuple(jobs)


def _wheel_jobs(wheel: Wheel) -> list[JobTemplate]:
    name = wheel.configuration
    build = f"{name}-build" if wheel.target.os == "windows" else f"{name}-build / build"
    test = f"{name}-test" if _tested_directly(wheel) else f"{name}-test / test"
    decoupled = wheel.target.arch == "aarch64" and wheel.accelerator.startswith("cu")
    return [
        JobTemplate(
            build,
            "build",
            needs=("get-label-type",),
            runner=_build_runner(wheel.target),
            minutes=_build_minutes(wheel),
            queue=(1, 12),
            failure_rate=0.008,
        ),
        JobTemplate(
            test,
            "test",
            needs=(build, "get-label-type"),
            runner=_test_runner(wheel),
            minutes=(5, 25),
            queue=(2, 10) if wheel.accelerator == "cpu" else (5, 55),
            failure_rate=0.006 if wheel.accelerator == "cpu" else 0.025,
        ),
        _upload_job(name, needs=build if decoupled else test),
    ]


def _macos_jobs(wheel: Wheel) -> list[JobTemplate]:
    build = f"{wheel.configuration}-build"
    return [
        JobTemplate(
            build,
            "build",
            runner="macos-14-xlarge",
            minutes=(45, 80),
            queue=(2, 25),
            failure_rate=0.01,
        ),
        _upload_job(wheel.configuration, needs=build),
    ]


def _libtorch_jobs(source: Wheel) -> list[JobTemplate]:
    name = _libtorch_name(source.target, source.accelerator)
    direct = source.target.os in ("windows", "macos")
    build = f"{source.configuration}-build" + ("" if direct else " / build")
    extract = f"{name}-extract"
    return [
        JobTemplate(extract, "extract", needs=(build,), minutes=(6, 20), failure_rate=0.003),
        _upload_job(name, needs=extract),
    ]


def _upload_job(name: str, *, needs: str) -> JobTemplate:
    return JobTemplate(
        f"{name}-upload / upload", "upload", needs=(needs,), minutes=(1, 5), failure_rate=0.004
    )


def _tested_directly(wheel: Wheel) -> bool:
    """Whether the test job stands in the workflow itself, without a reusable one."""
    return wheel.target.os == "windows" or wheel.accelerator.startswith(("rocm", "xpu"))


def _build_minutes(wheel: Wheel) -> tuple[float, float]:
    if wheel.accelerator == "cpu":
        return (40, 90)
    if wheel.target.arch == "aarch64":
        return (165, 330)
    return (180, 270) if wheel.accelerator.startswith("rocm") else (150, 240)


def _build_runner(target: Target) -> str:
    if target.os == "windows":
        return "windows.12xlarge"
    return {"aarch64": "linux.arm64.r7g.12xlarge.memory", "s390x": "linux.s390x"}.get(
        target.arch, "linux.12xlarge.memory"
    )


def _test_runner(wheel: Wheel) -> str:
    target, accelerator = wheel.target, wheel.accelerator
    if target.os == "windows":
        return "windows.g4dn.xlarge" if accelerator.startswith("cu") else "windows.4xlarge"
    if target.arch != "x86_64":
        return "linux.arm64.2xlarge" if target.arch == "aarch64" else "linux.s390x"
    if accelerator.startswith("rocm"):
        return "linux.rocm.gpu.gfx942.1"
    if accelerator == "xpu":
        return "linux.idc.xpu"
    return "linux.4xlarge" if accelerator == "cpu" else "linux.g4dn.4xlarge.nvidia.gpu"


_CUDA = ("cu126", "cu130", "cu132")

SMALL = Matrix(
    pythons=("3.10", "3.14"),
    targets=(
        Target("linux", "x86_64", ("cpu", "cu130"), libtorch=("cpu",)),
        Target("linux", "aarch64", ("cpu",)),
        Target("windows", "x86_64", ("cpu",)),
        Target("macos", "arm64", ("cpu",)),
    ),
)

RELEASE_2_15 = Matrix(
    pythons=("3.10", "3.11", "3.12", "3.13", "3.14", "3.14t", "3.15", "3.15t"),
    targets=(
        Target(
            "linux",
            "x86_64",
            ("cpu", *_CUDA, "rocm7.2", "rocm7.14", "xpu"),
            libtorch=("cpu", *_CUDA, "rocm7.2", "rocm7.14"),
        ),
        Target("linux", "aarch64", ("cpu", *_CUDA)),
        Target("linux", "s390x", ("cpu",)),
        Target("windows", "x86_64", ("cpu", *_CUDA, "xpu"), libtorch=("cpu", *_CUDA)),
        Target("macos", "arm64", ("cpu",), libtorch=("cpu",)),
    ),
)

_EVERY_CUDA = ("cu118", "cu121", "cu124", "cu126", "cu128", "cu129", "cu130", "cu132", "cu134")
_EVERY_ROCM = ("rocm6.2", "rocm6.3", "rocm6.4", "rocm7.0", "rocm7.1", "rocm7.2", "rocm7.14")

LARGE = Matrix(
    pythons=(
        *("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.13t"),
        *("3.14", "3.14t", "3.15", "3.15t", "3.16", "3.16t"),
    ),
    targets=(
        Target(
            "linux",
            "x86_64",
            ("cpu", *_EVERY_CUDA, *_EVERY_ROCM, "xpu"),
            libtorch=("cpu", *_EVERY_CUDA, *_EVERY_ROCM),
        ),
        Target("linux", "aarch64", ("cpu", *_EVERY_CUDA)),
        Target("linux", "s390x", ("cpu",)),
        Target(
            "windows",
            "x86_64",
            ("cpu", *_EVERY_CUDA, *_EVERY_ROCM, "xpu"),
            libtorch=("cpu", *_EVERY_CUDA),
        ),
        Target("macos", "arm64", ("cpu",), libtorch=("cpu",)),
    ),
)
