"""Whether workflows exist for every dimension of the support matrix: process section 2.3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

import msgspec

from cockpit.release.coverage import cell_of
from cockpit.release.job_names import parse_job_name
from cockpit.release.repos import Repository, Role
from cockpit.release.support import SupportMatrix, Target

FOLDER = ".github/workflows"
_JOB = re.compile(r"^ {2,4}[\"']?((?:manywheel|wheel)-[\w.-]+-build)[\"']?:", re.MULTILINE)
_LITERAL = re.compile(r"[\"']([\w.]+)[\"']")
_MADE_AT_RUN_TIME = re.compile(r"\bfromJSON\(|\bgenerate-matrix\b", re.IGNORECASE)
_REUSABLE = "_"
"""What the names of files begin with that are only called by others."""
_CUDA = re.compile(r"cu(\d+)(\d)")

Configuration = tuple[str, str]
"""Accelerator and Python."""


class TargetCoverage(msgspec.Struct, frozen=True):
    """The workflows of one repository for one operating system."""

    repository: str
    os: str
    arch: str
    pattern: str
    files: tuple[str, ...]
    """Names of the files that match and build wheels; none is an absent workflow."""
    absent: tuple[str, ...] = ()
    """What of the matrix none of them builds: `Python 3.14t`, `xpu`, `cu132 on Python 3.10`."""
    generated: bool = False
    """Whether a file only makes its matrix when it runs, so that the generator was asked."""
    unread: str = ""
    """Why it cannot be told what the files build."""


def coverage_of(
    repository: Repository, support: SupportMatrix, files: Mapping[str, str], generator: str | None
) -> tuple[TargetCoverage, ...]:
    """Every target this repository is expected to build, from the texts of its workflows by path.

    Core names each configuration in its files, which are compared wheel by wheel; a library makes
    its matrix when it runs, so that only its files can be looked for.
    """
    texts = {
        path.removeprefix(f"{FOLDER}/"): text
        for path, text in files.items()
        if path.endswith((".yml", ".yaml"))
    }
    return tuple(_targets(repository, support, texts, generator))


def _targets(
    repository: Repository, support: SupportMatrix, texts: Mapping[str, str], generator: str | None
) -> Iterator[TargetCoverage]:
    named = {(entry.os, entry.arch): entry.files for entry in repository.wheel_workflows}
    core = repository.role is Role.CORE
    for target in support.targets:
        pattern = named.get((target.os, target.arch), _usual_files(target) if core else None)
        if pattern is None:
            continue
        matching = {
            name: text
            for name, text in texts.items()
            if fnmatchcase(name, pattern) and not name.startswith(_REUSABLE)
        }
        found = TargetCoverage(
            repository.name, target.os, target.arch, pattern, tuple(sorted(matching))
        )
        yield _compared(found, support, target, matching, generator) if core else found


def _usual_files(target: Target) -> str:
    """How core's generated files are called; process section 6.8."""
    arch = "" if target.arch == "x86_64" else f"{target.arch}-"
    return f"*{target.os}-{arch}binary-*"


def _compared(
    found: TargetCoverage,
    support: SupportMatrix,
    target: Target,
    texts: Mapping[str, str],
    generator: str | None,
) -> TargetCoverage:
    listed = {name: _configurations(name, text) for name, text in texts.items()}
    silent = sorted(
        name for name, text in texts.items() if not listed[name] and _MADE_AT_RUN_TIME.search(text)
    )
    builders = sorted([*silent, *(name for name, entries in listed.items() if entries)])
    if texts and not builders:
        return msgspec.structs.replace(found, unread=f"{', '.join(found.files)} name no wheel")
    found = msgspec.structs.replace(found, files=tuple(builders))
    if not builders:
        return found
    wanted = {(acc, python) for acc in target.accelerators for python in support.pythons}
    absent = wanted - {entry for entries in listed.values() for entry in entries}
    if absent and silent:
        if generator is None:
            unread = f"{', '.join(silent)}: the matrix is made at run time, by no known generator"
            return msgspec.structs.replace(found, unread=unread)
        words = frozenset(_LITERAL.findall(generator))
        absent = {entry for entry in absent if not _names(words, entry)}
        found = msgspec.structs.replace(found, generated=True)
    return msgspec.structs.replace(found, absent=tuple(_in_words(absent, support, target)))


def _configurations(name: str, text: str) -> set[Configuration]:
    """What the jobs of a generated file build."""
    cells = (
        cell_of(key) for job in _JOB.findall(text) if (key := parse_job_name(name, job)) is not None
    )
    return {(cell.accelerator, cell.python) for cell in cells if cell is not None}


def _names(words: frozenset[str], configuration: Configuration) -> bool:
    """Whether a generator has both the accelerator and the Python among its constants."""
    accelerator, python = configuration
    cuda = _CUDA.fullmatch(accelerator)
    spelled = f"{cuda[1]}.{cuda[2]}" if cuda else accelerator.removeprefix("rocm")
    return python in words and (accelerator == "cpu" or spelled in words)


def _in_words(absent: set[Configuration], support: SupportMatrix, target: Target) -> Iterator[str]:
    """Whole dimensions first, then what is left one by one."""
    pythons = [p for p in support.pythons if all((a, p) in absent for a in target.accelerators)]
    accelerators = [
        a for a in target.accelerators if all((a, p) in absent for p in support.pythons)
    ]
    if len(pythons) == len(support.pythons):
        yield "every configuration"
        return
    yield from (f"Python {python}" for python in pythons)
    yield from accelerators
    for accelerator in target.accelerators:
        for python in support.pythons:
            single = python not in pythons and accelerator not in accelerators
            if single and (accelerator, python) in absent:
                yield f"{accelerator} on Python {python}"
