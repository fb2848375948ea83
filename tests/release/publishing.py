"""States on the way to the package index, and what their gates say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from cockpit.release.artifacts import Artifacts, StoredObject
from cockpit.release.index_rules import IndexRules, IndexWheels, staging_prefix
from cockpit.release.publishing_facts import (
    IndexedFile,
    IndexedProject,
    PackageOnItsWay,
    Publishing,
    StagedWheel,
)
from cockpit.release.record import WheelsInspected
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import Outcome
from tests.release.states import (
    CORE,
    GREEN,
    NOW,
    PINNED,
    SPEC,
    SUPPORT,
    VISION,
    feed,
    ledger,
    listing,
    recorded,
    with_,
)

TARGET = SUPPORT.targets[0]
RULES = IndexRules(wheels=(IndexWheels(TARGET.os, TARGET.arch, TARGET.accelerators[0]),))
CELLS = RULES.cells(SUPPORT)


def sha256(text: str) -> str:
    """A checksum that belongs to a name."""
    return hashlib.sha256(text.encode()).hexdigest()


def staged(package: str, version: str, *, etag: str = "etag") -> tuple[StagedWheel, ...]:
    """Every wheel the index is to get of a package, made from files of this ETag."""
    found = []
    for cell in CELLS:
        tag = "cp" + cell.python.replace(".", "").rstrip("t")
        abi = tag + ("t" if cell.python.endswith("t") else "")
        name = f"{package}-{version}-{tag}-{abi}-manylinux_2_28_{cell.arch}.whl"
        key = staging_prefix(package, version) + name
        stored = StoredObject(key, 1000, f"staged {name}", NOW, sha256(name))
        found.append(StagedWheel(stored, f"whl/test/{cell.accelerator}/{name}", etag))
    return tuple(found)


TORCH = staged("torch", "2.15.0")
TORCHVISION = staged("torchvision", "0.30.0")
FILES = {wheel.name: wheel.sha256 for wheel in (*TORCH, *TORCHVISION)}


def indexed(
    package: str, version: str, files: Mapping[str, str], *, yanked: bool = False
) -> IndexedProject:
    """A project with these files, by name and checksum."""
    listed = (IndexedFile(name, digest, 1000, yanked) for name, digest in files.items())
    return IndexedProject(package, version, tuple(listed), 5000)


def on_its_way(
    torch: tuple[StagedWheel, ...] = TORCH,
    vision: tuple[StagedWheel, ...] = TORCHVISION,
    *,
    published: Mapping[str, str] | None = None,
    inspected: Mapping[str, str] | None = None,
    flaws: tuple[str, ...] = (),
    yanked: bool = False,
) -> ReleaseState:
    """A state in which this is staged, inspected and published."""
    listed = published or {}
    packages = tuple(
        PackageOnItsWay(
            package,
            version,
            wheels,
            indexed(
                package,
                version,
                {name: digest for name, digest in listed.items() if name.startswith(f"{package}-")},
                yanked=yanked,
            ),
        )
        for package, version, wheels in (
            ("torch", "2.15.0", torch),
            ("torchvision", "0.30.0", vision),
        )
    )
    looked = (
        recorded(
            WheelsInspected(
                package,
                version,
                {n: d for n, d in (inspected or {}).items() if n.startswith(f"{package}-")},
                flaws if package == "torch" else (),
            )
        )
        for package, version in (("torch", "2.15.0"), ("torchvision", "0.30.0"))
        if inspected is not None
    )
    return with_(
        GREEN,
        spec=msgspec.structs.replace(SPEC, index_rules=RULES),
        artifacts=feed(Artifacts((listing(CORE), listing(VISION))), "s3"),
        publishing=feed(Publishing(packages), "index"),
        ledger=feed(ledger(*PINNED, *looked), "git"),
    )


WRONG = {**FILES, TORCH[0].name: sha256("another")}
PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
PUBLISHING_CASES = (
    ("wheels-staged", "all", on_its_way(), PASSED, f"{len(TORCH)} of {len(TORCH)} wheels of torch"),
    (
        "wheels-staged",
        "one is not",
        on_its_way(TORCH[1:]),
        FAILED,
        f"{len(TORCH) - 1} of {len(TORCH)} wheels of torch are staged",
    ),
    (
        "wheels-staged",
        "the channel got another file since",
        on_its_way(staged("torch", "2.15.0", etag="before")),
        FAILED,
        "was staged from a file since replaced",
    ),
    (
        "wheels-staged",
        "nothing goes to the index",
        GREEN,
        Outcome.NOT_APPLICABLE,
        "names no wheels for the package index",
    ),
    (
        "staged-wheels-valid",
        "all",
        on_its_way(inspected=FILES),
        PASSED,
        f"{len(TORCH)} wheels of torch inspected by Ada",
    ),
    (
        "staged-wheels-valid",
        "nothing staged",
        on_its_way(()),
        UNKNOWN,
        "nothing of torch is staged",
    ),
    ("staged-wheels-valid", "not yet", on_its_way(), UNKNOWN, "have not been inspected"),
    (
        "staged-wheels-valid",
        "others were",
        on_its_way(inspected=WRONG),
        UNKNOWN,
        "Ada inspected others",
    ),
    (
        "staged-wheels-valid",
        "with a flaw",
        on_its_way(inspected=FILES, flaws=("torch: would take 200.0 GB",)),
        FAILED,
        "would take 200.0 GB",
    ),
    (
        "index-published",
        "all",
        on_its_way(published=FILES),
        PASSED,
        f"{len(TORCH)} of {len(TORCH)} wheels of torch are on the index",
    ),
    (
        "index-published",
        "half",
        on_its_way(published=dict(list(FILES.items())[:1])),
        FAILED,
        f"1 of {len(TORCH)} wheels of torch",
    ),
    (
        "index-published",
        "another file",
        on_its_way(published=WRONG),
        FAILED,
        "is on the index as another file",
    ),
    *(
        (gate, "nothing goes to the index", GREEN, Outcome.NOT_APPLICABLE, "names no wheels")
        for gate in ("staged-wheels-valid", "index-published")
    ),
    ("index-published", "yanked", on_its_way(published=FILES, yanked=True), FAILED, "is yanked"),
)
