"""What the name of a build job says: package, system, accelerator, Python and stage.

Generated workflows spell all of it into the name; a job of a reusable workflow gets a further
segment, and the newer matrix workflow puts its values into brackets (process section 6). What
follows none of these is left to its workflow, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

LIBTORCH = "libtorch"
BUILD, TEST, UPLOAD, EXTRACT = "build", "test", "upload", "extract"
STAGES = (BUILD, TEST, EXTRACT, UPLOAD)
"""What a job of one configuration does, in the order in which it happens."""


class JobKey(msgspec.Struct, frozen=True, gc=False):
    """What a job works on."""

    package: str
    """`manywheel`, `wheel`, `libtorch`, `triton` or `docker`."""
    os: str
    arch: str
    accelerator: str
    """A folder name of the channel; a family such as `cuda` where the name tells no version."""
    python: str | None
    """`3.13` or, free-threaded, `3.13t`; None where it serves every Python."""
    stage: str

    @property
    def tells_which(self) -> bool:
        """Whether no other job has the same key.

        Images also differ by what the grammar of wheels has no word for: runtime or devel.
        """
        return self.package != "docker"


_CONFIGURATION = re.compile(
    r"(?P<package>manywheel|wheel|libtorch)-(?:py(?P<python>\d+_\d+t?)-)?(?P<accelerator>.+?)"
    r"(?:-shared-with-deps-release)?(?:-(?P<stage>build|test|upload|extract))?"
)
_SEPARATORS = re.compile(r"\s+/\s+|[\s(),]+")
_STAGE = re.compile(r"(?:(?P<package>libtorch|wheel)[-_])?(?P<stage>build|test|upload|extract)")
_PYTHON = re.compile(r"(?:py|cp)?(3)[._](\d+t?)|(?:py|cp)(3)(\d\d?t?)")
_ACCELERATOR = re.compile(
    r"(?:cuda-aarch64-|cuda|cu)(\d+)[._]?(\d)|rocm-?(\d+)[._](\d+)"
    r"|(cpu|xpu|cuda|rocm)(?:-(?:aarch64|s390x))?"
)


@lru_cache(maxsize=16384)
def parse_job_name(workflow: str, name: str) -> JobKey | None:
    """Read `manywheel-py3_12-cuda13_0-test / test`; None for a name of another grammar."""
    words = [word for word in _SEPARATORS.split(name) if word]
    return _generated(workflow, words) or _bracketed(workflow, words)


def _generated(workflow: str, words: list[str]) -> JobKey | None:
    for position, word in enumerate(words):
        found = _CONFIGURATION.fullmatch(word)
        accelerator = _accelerator_of(found["accelerator"]) if found else None
        if found is None or accelerator is None:
            continue
        # `build / wheel-py3_10-cpu / upload`: the innermost segment says what is done.
        stage = found["stage"] or _stage_among([*words[position + 1 :], *words[:position]])
        if stage is None:
            continue
        python = found["python"]
        return JobKey(
            package=found["package"],
            os=_os_of(workflow, words),
            arch=_arch_of(workflow, words),
            accelerator=accelerator,
            python=python.replace("_", ".") if python else None,
            stage=stage,
        )
    return None


def _bracketed(workflow: str, words: list[str]) -> JobKey | None:
    """Read `build (3.12, cuda13.0)` and `Build Triton Wheel (3.12, xpu, win_amd64)`."""
    package = _package_of(workflow, words)
    stage = _stage_among(words)
    if package is None or stage is None:
        return None
    pythons = [found for word in words if (found := _python_of(word))]
    accelerators = [found for word in words if (found := _accelerator_of(word))]
    if not pythons and not accelerators:
        return None
    return JobKey(
        package=package,
        os=_os_of(workflow, words),
        arch=_arch_of(workflow, words),
        accelerator=accelerators[0] if accelerators else "",
        python=pythons[0] if pythons else None,
        stage=stage,
    )


def _package_of(workflow: str, words: Iterable[str]) -> str | None:
    told = workflow.lower()
    if any(word.lower().startswith(LIBTORCH) for word in words):
        return LIBTORCH
    for package in ("triton", "docker", LIBTORCH, "manywheel"):
        if package in told:
            return package
    return "wheel" if "wheel" in told else None


def _stage_among(words: Iterable[str]) -> str | None:
    for word in words:
        found = _STAGE.match(word.lower())
        if found:
            return found["stage"]
    return None


def _python_of(word: str) -> str | None:
    found = _PYTHON.fullmatch(word)
    if not found:
        return None
    return f"{found[1]}.{found[2]}" if found[1] else f"{found[3]}.{found[4]}"


def _accelerator_of(word: str) -> str | None:
    found = _ACCELERATOR.fullmatch(word.replace("rocm_", "rocm"))
    if not found:
        return None
    cuda_major, cuda_minor, rocm_major, rocm_minor, plain = found.groups()
    if plain:
        return str(plain)
    return f"cu{cuda_major}{cuda_minor}" if cuda_major else f"rocm{rocm_major}.{rocm_minor}"


def _os_of(workflow: str, words: Iterable[str]) -> str:
    told = [workflow.lower(), *(word.lower() for word in words)]
    if any(text.startswith("win") or "windows" in text for text in told):
        return "windows"
    if any("macos" in text or text == "m1" or " m1 " in text for text in told):
        return "macos"
    return "linux"


def _arch_of(workflow: str, words: Iterable[str]) -> str:
    told, system = " ".join((workflow, *words)).lower(), _os_of(workflow, words)
    for arch in ("aarch64", "s390x"):
        if arch in told:
            return arch
    if system == "macos" or "arm64" in told:
        # Images name it as Docker does, wheels as Linux does: it is one platform.
        return "aarch64" if system == "linux" else "arm64"
    return "x86_64"
