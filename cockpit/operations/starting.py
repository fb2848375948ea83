"""Start any workflow of the config with its typed inputs, then find and follow the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import CockpitError, ConfigError
from cockpit.operations.dispatching import Asked, FollowRun, StartWorkflow, standing_in_the_way
from cockpit.operations.plan import Danger, Plan, Section, Step
from cockpit.operations.rights import write_blockers
from cockpit.operations.runs import newest_candidate
from cockpit.release.dispatches import Dispatched, WorkflowCall, dispatched
from cockpit.release.jobs import JobState
from cockpit.release.repos import Repository
from cockpit.release.workflow_coverage import FOLDER
from cockpit.release.workflow_files import Comparison, compare, declared_inputs
from cockpit.release.workflows import WorkflowSpec

if TYPE_CHECKING:
    from cockpit.provider import Backends


class Wish(msgspec.Struct, frozen=True):
    """What a person asks for."""

    inputs: Mapping[str, str] = {}
    live: bool = False
    ref: str = ""
    """Another branch or tag than the config's."""
    again: str = ""
    """Why it is started once more with the same inputs."""
    follow: bool = True


class StartAnyWorkflow:
    """Plans to start a workflow of the config once, a dry run unless told otherwise.

    One request is told from another by workflow, ref, inputs and the newest candidate: for the
    next candidate the same words start it again, for the same one only a reason does.
    """

    name = "dispatch"

    def __init__(self, backends: Backends, spec: WorkflowSpec, wish: Wish) -> None:
        self._backends = backends
        self._spec = spec
        self._wish = wish

    def plan(self) -> Plan:
        """Type the inputs, compare them with the workflow's own file, and ask whether it may."""
        backends, spec, wish = self._backends, self._spec, self._wish
        candidate = newest_candidate(backends, backends.config.core)
        tag = candidate.tag.name if candidate else ""
        call = self._call(tag)
        repository = backends.config.repository_of(spec)
        fit, blockers = self._compared(repository, call)
        blockers += standing_in_the_way(backends.github, call)
        blockers += write_blockers(backends.github, repository, "starting workflows")
        doubts = self._dry_run_doubts(call, tag)
        must_rehearse = spec.dry_run_first
        asked = Asked(backends.github, backends.ledger, call, wish.again, tag)
        steps: list[Step] = [StartWorkflow(asked)]
        if wish.follow:
            steps.append(FollowRun(backends.github, asked, backends.config.interval("builds")))
        acts = spec.acts(live=wish.live)
        return Plan(
            operation=self.name,
            subject=f"{spec.repository} {spec.id}",
            sentence=self._sentence(),
            danger=Danger.IRREVERSIBLE if acts and spec.irreversible else Danger.REMOTE,
            target=f"{spec.id} live",
            steps=tuple(steps),
            sections=tuple(self._sections(call, fit, tag)),
            blockers=(*blockers, *(doubts if must_rehearse else ())),
            warnings=() if must_rehearse else tuple(doubts),
        )

    def _call(self, tag: str) -> WorkflowCall:
        config, spec, wish = self._backends.config, self._spec, self._wish
        try:
            return spec.call(
                wish.inputs, config.words | {"candidate": tag}, live=wish.live, ref=wish.ref
            )
        except ValueError as err:
            raise ConfigError(
                f"{spec.id} cannot be started like this",
                str(err),
                f"--input NAME=VALUE; {config.path} lists its inputs",
            ) from err

    def _compared(self, repository: Repository, call: WorkflowCall) -> tuple[Comparison, list[str]]:
        """How the inputs fit the workflow's own file, and what of that blocks."""
        path = f"{FOLDER}/{call.file}"
        try:
            sha = self._backends.git.fetched(repository, call.ref)
            if sha is None:
                return Comparison(), [f"{repository.name} has no branch or tag {call.ref}"]
            text = self._backends.git.read_file(repository, sha, path)
            declared = declared_inputs(text) if text is not None else ()
        except ValueError as err:
            return Comparison(), [f"{path} on {call.ref} could not be read: {err}"]
        if text is None:
            return Comparison(), [f"{repository.name} has no {path} on {call.ref}"]
        if declared is None:
            return Comparison(), [f"{path} on {call.ref} cannot be started by hand"]
        found = compare(call, declared)
        return found, list(found.blockers)

    def _sections(self, call: WorkflowCall, fit: Comparison, tag: str) -> Iterator[Section]:
        lines = []
        for name, text in call.inputs.items():
            meaning = self._meaning(name)
            other = fit.defaults.get(name)
            if other is not None:
                meaning.append(f"left out, it would be {other or 'empty'}")
            lines.append(f"{name} = {text}" + (f"   ({'; '.join(meaning)})" if meaning else ""))
        yield Section(f"Inputs of {call.file}, as they are sent", tuple(lines or ["it takes none"]))
        if fit.left_to_it:
            yield Section("Inputs that are not sent", fit.left_to_it)
        told = [f"for {tag}"] if tag else []
        told += [f"once more, because: {self._wish.again}"] if self._wish.again else []
        if told:
            yield Section("What it is told apart by in the ledger", tuple(told))

    def _meaning(self, name: str) -> list[str]:
        """What the raw value of the switch says."""
        switch = self._spec.live
        if switch is None or name != switch.input:
            return []
        return ["LIVE: it acts" if self._wish.live else "a dry run: it only says what it would do"]

    def _sentence(self) -> str:
        spec = self._spec
        what = f"{spec.title} ({spec.file} of {spec.repository})"
        if spec.live is None:
            return f"Start {what}." + (" It has no dry run." if spec.irreversible else "")
        return f"Start {what} live." if self._wish.live else f"Start a dry run of {what}."

    def _dry_run_doubts(self, call: WorkflowCall, tag: str) -> list[str]:
        """Why a live start is not known to be rehearsed; section 17.3."""
        spec = self._spec
        if spec.live is None or not self._wish.live:
            return []
        runs = [
            run
            for run in dispatched(self._backends.ledger.read(), spec.file)
            if (run.repository, run.candidate) == (spec.repository, tag)
            and spec.rehearsed(run.inputs, call.inputs)
        ]
        if not runs:
            return ["no dry run with these inputs is in the ledger: start it without live first"]
        return self._unpassed(runs)

    def _unpassed(self, runs: list[Dispatched]) -> list[str]:
        """Nothing when one of the dry runs passed, else how the newest stands."""
        told = ""
        for run in reversed(runs):
            try:
                state = self._backends.github.started_run(run.repository, run.run).state
            except CockpitError as err:
                told = told or f"whether the dry run passed could not be read: {err.title}"
                continue
            if state is JobState.PASSED:
                return []
            told = told or f"the dry run with these inputs is {state.value}: {run.url}"
        return [told]
