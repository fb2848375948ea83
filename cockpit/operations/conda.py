"""Promote conda packages from the test channel to the stable one, for the lines that had them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.backends.ports.conda import CondaPort
from cockpit.errors import CockpitError, Conflict, Unreachable
from cockpit.operations.grounds import Grounds
from cockpit.operations.plan import (
    Danger,
    Expectation,
    Plan,
    Probe,
    Progress,
    Section,
    StepFacts,
    StepState,
)
from cockpit.release.conda import FIRST, LAST, CondaFile, CondaRules, had_conda
from cockpit.release.words import counted, size

if TYPE_CHECKING:
    from cockpit.provider import Backends


class CopyCondaFile:
    """Copy one file on the server, unless the stable channel has exactly it."""

    def __init__(
        self, conda: CondaPort, rules: CondaRules, package: str, version: str, file: CondaFile
    ) -> None:
        self._conda = conda
        self._rules = rules
        self._package = package
        self._version = version
        self._file = file
        where = f"{rules.test_owner}/{package}/{version}/{file.basename}"
        digest = file.sha256 or file.md5
        self.facts = StepFacts(
            key=f"conda/{rules.stable_owner}/{file.basename}/{digest}",
            summary=f"Copy {file.basename} ({size(file.size)}) to {rules.stable_owner}",
            command=f"anaconda copy --to-owner {rules.stable_owner} {where}",
            expects=(
                Expectation(where, digest),
                Expectation(f"{file.basename} in {rules.stable_owner}", "absent"),
            ),
        )

    def probe(self) -> Probe:
        """What the stable channel has under this name, by digest."""
        listed = self._conda.files(self._rules.stable_owner, self._package, self._version)
        found = next((each for each in listed if each.basename == self._file.basename), None)
        if found is None:
            return Probe(StepState.TODO, "it is not in the stable channel")
        if found.same_as(self._file):
            return Probe(StepState.DONE, "the stable channel has exactly this file")
        return Probe(StepState.CONFLICT, "the stable channel has another file of this name")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Copy it, if the test channel still has what was planned; an unclear answer is looked up.

        The server refuses a name that is there.
        """
        listed = self._conda.files(self._rules.test_owner, self._package, self._version)
        if not any(each == self._file for each in listed):
            raise Conflict(
                f"{self._file.basename} is not what was planned",
                "the test channel has another file of this name, or none any more",
                "plan again",
            )
        report(Progress(note="copying on the server"))
        try:
            self._conda.copy(self._package, self._version, self._file.basename)
        except (Conflict, Unreachable):
            if self.probe().state is not StepState.DONE:
                raise

    def verify(self) -> Probe:
        """Ask the stable channel."""
        return self.probe()


class PromoteConda:
    """Plans to copy every file of the release from one conda channel to the other."""

    name = "promote-conda"

    def __init__(self, backends: Backends) -> None:
        self._backends = backends

    def plan(self) -> Plan:
        """List both channels; raises CockpitError for a line that has no conda packages."""
        backends = self._backends
        config, rules = backends.config, backends.config.settings.conda
        if not had_conda(config.version.line):
            raise CockpitError(
                f"{config.version} has no conda packages",
                f"they were released from {FIRST} to {LAST}",
                "nothing is left to do",
            )
        steps: list[CopyCondaFile] = []
        sections: list[Section] = []
        blockers: list[str] = []
        for package, name in rules.packages.items():
            repository = config.repository(name)
            if repository is None:
                continue
            version = str(repository.version)
            staged = backends.conda.files(rules.test_owner, package, version)
            if not staged:
                blockers.append(f"{rules.test_owner} has no {package} {version}")
            steps += [
                CopyCondaFile(backends.conda, rules, package, version, file) for file in staged
            ]
            total = size(sum(file.size for file in staged))
            sections.append(
                Section(
                    f"{package} {version}: {counted(len(staged), 'file')}, {total}",
                    tuple(f"{file.basename}  {size(file.size)}" for file in staged),
                )
            )
        return Plan(
            operation=self.name,
            subject=str(config.version),
            sentence=f"Copy {counted(len(steps), 'conda package')} of {config.version} from"
            f" {rules.test_owner} to {rules.stable_owner}.",
            danger=Danger.IRREVERSIBLE,
            target=f"{config.version} → conda {rules.stable_owner}",
            steps=tuple(steps),
            sections=tuple(sections),
            blockers=(*Grounds(backends).no_go(), *blockers),
        )
