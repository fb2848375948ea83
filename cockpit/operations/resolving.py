"""Conflicts that people resolve: a throw-away work tree, then the pick with their resolution."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.backends.ports import Resolution
from cockpit.errors import CockpitError
from cockpit.operations.pick_queue import PickDesk
from cockpit.operations.picking import (
    PickBench,
    PickWish,
    ProposedPick,
    Wanted,
    resolution_name,
    why_not,
)
from cockpit.operations.plan import (
    Danger,
    Plan,
    Probe,
    Progress,
    Section,
    Step,
    StepFacts,
    StepState,
)
from cockpit.operations.rights import write_blockers
from cockpit.release.prediction import Outcome, PickOf
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.provider import Backends


class RemoveWorkTree:
    """Remove the work tree of a conflict once its resolution is pushed."""

    def __init__(self, backends: Backends, repository: Repository, resolution: Resolution) -> None:
        self._git = backends.git
        self._repository = repository
        self._name = resolution.name
        self.facts = StepFacts(
            key=f"remove/{resolution.name}/{resolution.tree}",
            summary=f"Remove the work tree {resolution.path}",
            command=f"rm -r {resolution.path}",
        )

    def probe(self) -> Probe:
        """Whether it is gone."""
        there = self._git.resolution(self._repository, self._name)
        if there is None:
            return Probe(StepState.DONE, "it is gone")
        return Probe(StepState.TODO, there.path)

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Remove it."""
        report(Progress(note="removing"))
        self._git.abandon_resolution(self._repository, self._name)

    def verify(self) -> Probe:
        """Look again."""
        return self.probe()


class Resolver:
    """Begins and abandons resolutions; both stay on this machine."""

    def __init__(self, backends: Backends, text: str, wish: PickWish) -> None:
        self._backends = backends
        self._core = backends.config.core
        self._wish = wish
        self._bench = PickBench(PickDesk(backends), wish)
        (self.wanted,) = self._bench.wanted((text,))
        self.branch = self._bench.branch

    @property
    def name(self) -> str:
        """What its work tree is called."""
        return resolution_name(self.wanted, self.branch)

    def begin(self) -> Resolution:
        """The work tree with the conflict in it, as it was left, or a new one.

        Raises CockpitError where there is no conflict to resolve.
        """
        git, core = self._backends.git, self._core
        found = git.resolution(core, self.name)
        if found is not None:
            return found
        if self.wanted.blockers:
            raise CockpitError("It cannot be picked", "; ".join(self.wanted.blockers))
        pick = PickOf(self.wanted.commit, self._wish.mainline)
        (prediction,) = git.predict(core, self._bench.head, (pick,), regions=False)
        label = f"#{self.wanted.pull}" if self.wanted.pull else self.wanted.commit[:10]
        if prediction.outcome is Outcome.CLEAN:
            raise CockpitError(
                f"{label} does not conflict with {self.branch}",
                "there is nothing to resolve",
                f"release-cockpit plan pick {label.lstrip('#')}",
            )
        if prediction.outcome is not Outcome.CONFLICT:
            raise CockpitError("It cannot be picked", why_not(label, prediction, self.branch))
        return git.begin_resolution(core, self.name, self._bench.head, pick)

    def look(self) -> Resolution | None:
        """How far it has come."""
        return self._backends.git.resolution(self._core, self.name)

    def abandon(self) -> bool:
        """Remove the work tree; False where there was none."""
        there = self.look() is not None
        self._backends.git.abandon_resolution(self._core, self.name)
        return there

    def proposed(self, resolution: Resolution) -> ProposedPick:
        """The pick with the resolution."""
        return self._bench.proposed(self.wanted, resolution)


class ResolvePick:
    """Plans the pick of a change whose conflict a person has resolved."""

    name = "resolve"

    def __init__(self, backends: Backends, text: str, wish: PickWish) -> None:
        self._backends = backends
        self._text = text
        self._wish = wish

    def plan(self) -> Plan:
        """Look at the work tree; what it comes to is the pick, and its change is shown."""
        core = self._backends.config.core
        resolver = Resolver(self._backends, self._text, self._wish)
        resolution = resolver.look()
        made = ProposedPick(_label(resolver.wanted))
        blockers: list[str] = []
        steps: tuple[Step, ...] = ()
        if resolution is None:
            blockers.append(f"nobody has begun to: release-cockpit resolve {self._text}")
        elif resolution.unresolved:
            blockers += resolution.unresolved
        elif resolution.source != resolver.wanted.commit:
            blockers.append(f"{resolution.path} is about another commit: abandon it")
        else:
            made = resolver.proposed(resolution)
            steps = (*made.steps, RemoveWorkTree(self._backends, core, resolution))
        blockers += write_blockers(self._backends.github, core, "pushing picks")
        return Plan(
            operation=self.name,
            subject=made.label,
            sentence=f"Pick {made.label} onto {resolver.branch} as it was resolved by hand",
            danger=Danger.REMOTE,
            target=made.label,
            steps=steps,
            sections=made.sections,
            blockers=(*blockers, *made.blockers),
            warnings=made.warnings,
        )


class AbandonResolution:
    """Plans the end of a resolution that somebody has begun: nothing of it is kept."""

    name = "abandon"

    def __init__(self, backends: Backends, text: str, wish: PickWish) -> None:
        self._backends = backends
        self._text = text
        self._wish = wish

    def plan(self) -> Plan:
        """Look at the work tree, and say what would be lost."""
        resolver = Resolver(self._backends, self._text, self._wish)
        label = _label(resolver.wanted)
        found = resolver.look()
        steps: tuple[Step, ...] = ()
        sections: tuple[Section, ...] = ()
        if found is not None:
            steps = (RemoveWorkTree(self._backends, self._backends.config.core, found),)
            done = found.diff or tuple(f"not resolved: {problem}" for problem in found.unresolved)
            sections = (Section("What would be lost", done),)
        return Plan(
            operation=self.name,
            subject=label,
            sentence=f"Throw away the resolution of {label} onto {resolver.branch}",
            danger=Danger.LOCAL,
            target=label,
            steps=steps,
            sections=sections,
            blockers=() if found else ("nobody has begun to resolve it here",),
        )


def _label(wanted: Wanted) -> str:
    return f"#{wanted.pull}" if wanted.pull else wanted.text
