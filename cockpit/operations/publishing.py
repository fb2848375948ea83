"""Publish the staged wheels to the package index: once, file by file, settled by hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import ConfigError
from cockpit.operations.grounds import Grounds
from cockpit.operations.index_reads import OnItsWay, on_its_way, repositories_for
from cockpit.operations.plan import Danger, Plan, Section, Step
from cockpit.operations.publishing_blockers import publishing_blockers
from cockpit.operations.publishing_steps import ListedByHash, PublishFile, UnlessListed
from cockpit.operations.starting import StartAnyWorkflow, Wish
from cockpit.release.words import counted, size

if TYPE_CHECKING:
    from cockpit.provider import Backends


class PublishWheels:
    """Plans to publish the staged wheels of a package, or of all, in the order of the config.

    A package with a workflow as its trusted publisher is published by starting that.
    """

    name = "publish"

    def __init__(self, backends: Backends, package: str = "") -> None:
        self._backends = backends
        self._package = package

    def plan(self) -> Plan:
        """Read ledger, channels, staging area and index, and say what would go out."""
        backends = self._backends
        grounds = Grounds(backends)
        index = backends.publisher
        repositories = repositories_for(backends, self._package)
        found = [on_its_way(backends, repository, grounds.ledger) for repository in repositories]
        started = {one.package: plan for one in found if (plan := self._workflow(one))}
        steps: list[Step] = []
        for one in found:
            plan = started.get(one.package)
            steps += self._files(one) if plan is None else self._started(one, plan)
        names = " and ".join(f"{one.package} {one.version}" for one in found)
        place = "PyPI" if index.name == "pypi" else index.name
        wheels = counted(sum(len(one.way.staged) for one in found), "wheel")
        return Plan(
            operation=self.name,
            subject=names,
            sentence=f"Publish {wheels} of {names} to {place}, for ever: a file name can be used"
            " once.",
            danger=Danger.IRREVERSIBLE,
            target=f"{names} → {place}",
            steps=tuple(steps),
            sections=tuple(_section(one) for one in found),
            blockers=(
                *publishing_blockers(backends, grounds, found),
                *(text for plan in started.values() for text in plan.blockers),
            ),
            warnings=(
                *(f"{package}: {plan.sentence}" for package, plan in started.items()),
                *(text for plan in started.values() for text in plan.warnings),
            ),
        )

    def _files(self, one: OnItsWay) -> list[Step]:
        area, index = self._backends.staging, self._backends.publisher
        return [
            PublishFile(area, index, one.package, one.version, wheel.staged)
            for wheel in one.wheels
            if wheel.staged is not None
        ]

    def _started(self, one: OnItsWay, plan: Plan) -> list[Step]:
        listed = ListedByHash(self._backends.publisher, one)
        return [*(UnlessListed(step, listed) for step in plan.steps), listed]

    def _workflow(self, one: OnItsWay) -> Plan | None:
        """How the package's trusted publisher is started; None for one that twine uploads."""
        config = self._backends.config
        workflow = config.settings.index.by_workflow.get(one.package)
        if workflow is None:
            return None
        spec = config.workflow(workflow)
        if spec is None:
            raise ConfigError(
                f"{config.path}: index.by_workflow",
                f"{one.package} is to be published by {workflow!r}, which is no [[workflows]]",
                "name the id of one of them",
            )
        named = any(given.name == "package" for given in spec.inputs)
        inputs = {"package": one.package} if named else {}
        return StartAnyWorkflow(self._backends, spec, Wish(inputs=inputs, live=True)).plan()


def _section(one: OnItsWay) -> Section:
    staged = [wheel.staged for wheel in one.wheels if wheel.staged is not None]
    total = sum(wheel.stored.size for wheel in staged)
    lines = tuple(
        f"{wheel.name}  {size(wheel.stored.size)}  sha256 {wheel.sha256[:12]}" for wheel in staged
    )
    return Section(f"{one.package} {one.version}, in this order: {size(total)}", lines)
