"""What may be wrong with staged wheels, judged from what was read of every one of them.

A published file name can never be used again, so everything an index or a resolver could object
to is looked for before the first upload; process sections 10.5 to 10.8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from cockpit.release.commits import short
from cockpit.release.index_rules import IndexRules
from cockpit.release.publishing import Publication
from cockpit.release.publishing_facts import IndexedProject, StagedWheel
from cockpit.release.words import few

MB, GB = 1_000_000, 1_000_000_000


class WheelFacts(msgspec.Struct, frozen=True):
    """What was read inside of one staged wheel."""

    sha256: str
    fields: dict[str, tuple[str, ...]] = {}
    """The metadata that has to be the same in every wheel of a package, by its name."""
    commit: str = ""
    """The commit it was built from; empty where it names none."""
    problems: tuple[str, ...] = ()
    """What is wrong with it by itself."""

    @property
    def requires(self) -> tuple[str, ...]:
        """Its `Requires-Dist`."""
        return self.fields.get("Requires-Dist", ())


class Flaw(msgspec.Struct, frozen=True):
    """One thing that must not be published as it is."""

    subject: str
    """A file's name, or the package."""
    text: str
    then: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}" if self.subject else self.text


class Inspected(msgspec.Struct, frozen=True):
    """Everything that one inspection of a package looked at."""

    package: str
    version: str
    wanted: tuple[Publication, ...]
    staged: tuple[StagedWheel, ...]
    facts: Mapping[str, WheelFacts]
    """By name; a wheel that is not in it was not read."""
    indexed: IndexedProject | None
    absent_pins: tuple[str, ...]
    """Exact requirements that the index has no file of."""
    commit: str
    """What everything has to be built from: the commit of the candidate."""
    names_commit: bool = False
    """Whether every wheel has to name it, as the core's do."""


RESTAGE = "release-cockpit do stage --replace"
_REBUILD = "mend the build, and stage the next candidate"


def flaws(found: Inspected, rules: IndexRules) -> tuple[Flaw, ...]:
    """Everything that stands against publishing, what is missing first."""
    return (
        *_presence(found),
        *_each(found, rules),
        *_differences(found),
        *_project(found, rules),
        *(
            Flaw(pin, "is not on the index, and the wheels need exactly it", "have it published")
            for pin in found.absent_pins
        ),
    )


def _presence(found: Inspected) -> Iterator[Flaw]:
    if not found.wanted:
        yield Flaw(
            found.package, "no wheels are named for the index", "set [[index.wheels]] in the config"
        )
    for one in found.wanted:
        if one.staged is None:
            subject = f"{found.package} {one.cell}"
            if one.source is None:
                yield Flaw(subject, "is not in the channel", "release-cockpit artifacts")
            else:
                yield Flaw(subject, "is not staged", "release-cockpit do stage")
        elif one.source is not None and one.staged.source_etag != one.source.stored.etag:
            yield Flaw(one.name, "was staged from a file that has been replaced since", RESTAGE)
    names = {one.staged.name for one in found.wanted if one.staged}
    for wheel in found.staged:
        if wheel.name not in names:
            yield Flaw(
                wheel.name,
                "is staged, but the index is not to get it",
                f"delete {wheel.stored.key}",
            )


def _each(found: Inspected, rules: IndexRules) -> Iterator[Flaw]:
    for wheel in found.staged:
        facts = found.facts.get(wheel.name)
        if facts is None:
            yield Flaw(wheel.name, "was not read", "release-cockpit inspect")
            continue
        if facts.sha256 != wheel.sha256:
            told = wheel.sha256[:12] or "none"
            yield Flaw(
                wheel.name, f"has checksum {facts.sha256[:12]}, the store tells {told}", RESTAGE
            )
        for problem in facts.problems:
            yield Flaw(wheel.name, problem, _REBUILD)
        if facts.commit != found.commit and (facts.commit or found.names_commit):
            built = f"was built from {short(facts.commit)}" if facts.commit else "names no commit"
            yield Flaw(wheel.name, f"{built}, not from {short(found.commit)}", _REBUILD)
        if wheel.stored.size > rules.file_limit_mb * MB:
            yield Flaw(
                wheel.name,
                f"has {wheel.stored.size / MB:,.0f} MB; the index takes {rules.file_limit_mb:g} MB",
                "ask the index for a larger limit, or publish a smaller wheel",
            )
        known = found.indexed.file(wheel.name) if found.indexed else None
        if known is not None and known.sha256 != wheel.sha256:
            yield Flaw(
                wheel.name,
                f"is on the index as another file ({known.sha256[:12]})",
                "stop: the name is used up; only a new version can carry this wheel",
            )


def _differences(found: Inspected) -> Iterator[Flaw]:
    """Metadata that one wheel has and most others have not: resolvers read any one for all."""
    read = {name: facts for name, facts in found.facts.items() if facts.fields}
    names = dict.fromkeys(field for facts in read.values() for field in facts.fields)
    for field in names:
        values = [facts.fields.get(field, ()) for facts in read.values()]
        usual = max(values, key=values.count)
        for name, facts in read.items():
            mine = facts.fields.get(field, ())
            if mine != usual:
                yield Flaw(name, f"{field} differs: {_difference(mine, usual)}", _REBUILD)


def _difference(mine: Sequence[str], usual: Sequence[str]) -> str:
    without = [value for value in usual if value not in mine]
    extra = [value for value in mine if value not in usual]
    kinds = {"without": without, "with": extra}
    said = [f"{how} {few(values, 2)}" for how, values in kinds.items() if values]
    return ", ".join(said) or "another order"


def _project(found: Inspected, rules: IndexRules) -> Iterator[Flaw]:
    held = found.indexed.other_bytes if found.indexed else 0
    total = held + sum(wheel.stored.size for wheel in found.staged)
    if total > rules.project_limit_gb * GB:
        yield Flaw(
            found.package,
            f"would take {total / GB:,.1f} GB on the index, which grants"
            f" {rules.project_limit_gb:g} GB",
            "ask the index for more room before the first upload",
        )


def exact_pins(requirements: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Package and version of every requirement that only one version fulfils, whatever markers."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    found: dict[tuple[str, str], None] = {}
    for line in requirements:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        for spec in requirement.specifier:
            if spec.operator == "==" and not spec.version.endswith(".*") and not requirement.extras:
                found[str(canonicalize_name(requirement.name)), spec.version] = None
    return tuple(found)
