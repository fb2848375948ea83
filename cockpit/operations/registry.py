"""Every operation by name, with the words it is called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import ConfigError
from cockpit.operations.plan import Danger, Operation
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends
    from cockpit.operations.picking import PickWish
    from cockpit.release.workflows import WorkflowSpec

Arguments = Mapping[str, str]


class Parameter(msgspec.Struct, frozen=True):
    """One word an operation is called with."""

    name: str
    help: str
    required: bool = False
    option: bool = False
    """Given as `--name VALUE` rather than by position."""
    repeated: bool = False
    """May be given more than once."""
    separator: str = ","
    """What joins the values of one that is repeated."""
    short: str = ""
    """The letter that stands for an option."""
    flag: bool = False
    """An option without a value: given, it is `yes`."""


class OperationSpec(msgspec.Struct, frozen=True):
    """What the command line and the interface need to know of an operation."""

    name: str
    help: str
    danger: Danger
    parameters: tuple[Parameter, ...]
    build: Callable[[Backends, Arguments], Operation]
    examples: tuple[str, ...] = ()
    """What the command line's help shows, without the program's name."""


def _tagged_repository(backends: Backends, arguments: Arguments) -> Repository:
    """The repository that `--repository` names, else the core; it must have candidates."""
    config = backends.config
    name = arguments.get("repository")
    repository = config.repository(name) if name else config.core
    if repository is None or not repository.candidates:
        known = ", ".join(repo.name for repo in config.repositories if repo.candidates)
        raise ConfigError(
            f"{name!r} is no repository whose candidates are tagged",
            f"{config.path} names {known}",
            "leave --repository out for the core",
        )
    return repository


def _any_repository(backends: Backends, arguments: Arguments) -> Repository:
    """The repository whose branch is meant."""
    config = backends.config
    name = arguments.get("repository", "")
    repository = config.repository(name)
    if repository is None:
        known = ", ".join(repo.name for repo in config.repositories)
        raise ConfigError(
            f"{name!r} is no repository of this release",
            f"{config.path} names {known}",
            "name one of these",
        )
    return repository


def _tag_candidate(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.candidates import TagCandidate

    return TagCandidate(backends, _tagged_repository(backends, arguments), arguments.get("tag"))


def _pin_candidates(backends: Backends, _: Arguments) -> Operation:
    from cockpit.operations.pinning import PinCandidates

    return PinCandidates(backends)


def _cut_branch(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.cutting import CutBranch, checked_line

    config = backends.config
    if (text := arguments.get("line")) is not None:
        line = checked_line(text)
        if line != config.version.line:
            raise ConfigError(
                f"{config.path} releases {config.version.line}, not {line}",
                "the versions of its repositories belong to that line",
                "edit release.version, or name another file with --config",
            )
    repositories = []
    for name in filter(None, arguments.get("repository", "").split(",")):
        repository = config.repository(name)
        if repository is None:
            known = ", ".join(repo.name for repo in config.repositories)
            raise ConfigError(
                f"{name!r} is no repository of this release",
                f"{config.path} names {known}",
                "leave --repository out for all that are due",
            )
        repositories.append(repository)
    return CutBranch(backends, tuple(dict.fromkeys(repositories)))


def _mark_dud(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.duds import MarkDud

    repository = _tagged_repository(backends, arguments)
    return MarkDud(backends, repository, arguments.get("name", ""), arguments.get("reason", ""))


def _tag_final(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.finals import TagFinal

    repository = _tagged_repository(backends, arguments)
    return TagFinal(backends, repository, arguments.get("candidate"))


def _freeze(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.freezing import FreezeBranch

    repository = _any_repository(backends, arguments)
    return FreezeBranch(backends, repository, arguments.get("reason", ""))


def _unfreeze(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.freezing import UnfreezeBranch

    repository = _any_repository(backends, arguments)
    return UnfreezeBranch(backends, repository, arguments.get("reason", ""))


def _release_changes(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.release_changes import ReleaseChanges

    named = "repository" in arguments
    return ReleaseChanges(
        backends,
        _any_repository(backends, arguments) if named else None,
        arguments.get("replace", ""),
        arguments.get("again", ""),
    )


def _bump_version(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.release_changes import BumpVersion

    named = "repository" in arguments
    repository = _any_repository(backends, arguments) if named else None
    return BumpVersion(backends, repository, arguments.get("replace", ""))


def _run_numbers(repository: Repository, arguments: Arguments) -> tuple[int, ...]:
    from cockpit.operations.runs import run_number

    texts = filter(None, arguments.get("run", "").split(","))
    return tuple(dict.fromkeys(run_number(text, repository.name) for text in texts))


def _rerun_failed(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.rerunning import RerunFailed

    repository = _tagged_repository(backends, arguments)
    return RerunFailed(
        backends,
        repository,
        _run_numbers(repository, arguments),
        arguments.get("workflow", ""),
        arguments.get("candidate"),
    )


def _rerun_job(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.rerunning import RerunJob

    repository = _tagged_repository(backends, arguments)
    return RerunJob(backends, repository, arguments.get("job", ""), arguments.get("candidate"))


def _cancel_run(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.cancelling import CancelRuns

    repository = _tagged_repository(backends, arguments)
    runs = _run_numbers(repository, arguments)
    if bool(runs) is ("all" in arguments):
        raise ConfigError(
            "It is not said which runs",
            "expected either runs or --all",
            "cancel-run RUN …, or cancel-run --all [--candidate TAG]",
        )
    return CancelRuns(backends, repository, runs, arguments.get("candidate"))


def _workflow(backends: Backends, arguments: Arguments) -> WorkflowSpec:
    """The workflow of the config with this id or file."""
    config, name = backends.config, arguments.get("workflow", "")
    spec = config.workflow(name)
    if spec is None:
        known = ", ".join(spec.id for spec in config.settings.workflows) or "none"
        raise ConfigError(
            f"{name!r} is no workflow of this release",
            f"{config.path} lists {known}",
            "name one of these, or add it as [[workflows]]",
        )
    return spec


def _inputs(arguments: Arguments) -> dict[str, str]:
    from cockpit.release.workflows import named_inputs

    given = arguments.get("input", "")
    try:
        return named_inputs(tuple(given.split(_LINES)) if given else ())
    except ValueError as err:
        raise ConfigError("An input cannot be read", str(err), "--input NAME=VALUE") from err


def _dispatch(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.starting import StartAnyWorkflow, Wish

    wish = Wish(
        inputs=_inputs(arguments),
        live="live" in arguments,
        ref=arguments.get("ref", ""),
        again=" ".join(arguments.get("again", "").split()),
        follow="no-follow" not in arguments,
    )
    return StartAnyWorkflow(backends, _workflow(backends, arguments), wish)


def _adopt_run(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.adopting import AdoptRun
    from cockpit.operations.runs import run_number

    spec = _workflow(backends, arguments)
    return AdoptRun(
        backends,
        spec,
        run_number(arguments.get("run", ""), spec.repository),
        _inputs(arguments),
        live="live" in arguments,
        candidate=arguments.get("candidate"),
    )


def _pulls(arguments: Arguments) -> tuple[int, ...]:
    from cockpit.operations.pick_queue import pull_numbers

    return pull_numbers(tuple(filter(None, arguments.get("pull", "").split(","))))


def _approve(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.deciding import DecideOnPicks
    from cockpit.release.nominations import Verdict

    note = arguments.get("note", "")
    return DecideOnPicks(backends, Verdict.APPROVED, _pulls(arguments), note)


def _deny(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.deciding import DecideOnPicks
    from cockpit.release.nominations import Verdict

    reason = arguments.get("reason", "")
    return DecideOnPicks(backends, Verdict.DENIED, _pulls(arguments), reason)


def _ask_pick(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.deciding import DecideOnPicks
    from cockpit.release.nominations import Verdict

    question = arguments.get("question", "")
    return DecideOnPicks(backends, Verdict.NEEDS_INFO, _pulls(arguments), question)


def _wish(arguments: Arguments) -> PickWish:
    from cockpit.operations.picking import PickWish

    mainline = arguments.get("mainline")
    if mainline is not None and not mainline.isdigit():
        raise ConfigError(
            f"{mainline!r} is no parent's number", "expected 1 or 2, as git counts", "--mainline 1"
        )
    return PickWish(
        onto=arguments.get("onto", ""),
        mainline=int(mainline) if mainline else None,
        category=" ".join(arguments.get("category", "").split()),
        issue=arguments.get("fixes", ""),
        replace=arguments.get("replace", ""),
    )


def _pick(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.picking import PickChanges

    texts = filter(None, arguments.get("change", "").split(","))
    return PickChanges(backends, tuple(dict.fromkeys(texts)), _wish(arguments))


def _resolve(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.resolving import ResolvePick

    return ResolvePick(backends, arguments.get("change", ""), _wish(arguments))


def _nominate(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.nominating import NominatePick
    from cockpit.operations.pick_queue import pull_numbers

    (pull,) = _pulls(arguments)
    release = pull_numbers(tuple(filter(None, [arguments.get("release-pull", "")])))
    category = arguments.get("category", "")
    return NominatePick(backends, pull, release[0] if release else None, category)


def _request_bot(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.nominating import RequestBot

    (pull,) = _pulls(arguments)
    return RequestBot(
        backends, pull, arguments.get("classification", ""), arguments.get("fixes", "")
    )


def _merge_pick(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.merging import MergePicks

    return MergePicks(backends, _pulls(arguments))


_LINES = "\n"
"""Joins what may hold commas itself."""
_ANOTHER = Parameter("repository", "another repository than the core", option=True)
_OF_CANDIDATE = Parameter("candidate", "the candidate's tag; the newest without it", option=True)
_INPUT = Parameter(
    "input", "NAME=VALUE; may be repeated", option=True, repeated=True, separator=_LINES
)
_REPLACE = Parameter("replace", "the commit of somebody else's draft to replace", option=True)

_PICKING = (
    Parameter("onto", "another branch than the release branch", option=True),
    Parameter("mainline", "the parent that a merge is seen from", option=True),
    Parameter("category", "why, where nobody has nominated it yet", option=True),
    Parameter("fixes", "the address of the issue that it fixes", option=True),
    _REPLACE,
)
_PULL = Parameter("pull", "a pull request's number or page", required=True)
_PULLS = Parameter(
    "pull", "pull requests, by number or page, into the branch or onto trunk", True, repeated=True
)

OPERATIONS: tuple[OperationSpec, ...] = (
    OperationSpec(
        "cut-branch",
        "cut the release branches that are due",
        Danger.IRREVERSIBLE,
        (
            Parameter("line", "the release line, such as 2.15; that of the config without it"),
            Parameter(
                "repository", "only this repository; may be repeated", option=True, repeated=True
            ),
        ),
        _cut_branch,
    ),
    OperationSpec(
        "release-changes",
        "propose the release-only changes as pull requests into the release branches",
        Danger.REMOTE,
        (
            Parameter("repository", "only this repository", option=True),
            _REPLACE,
            Parameter("again", "why the workflow is started once more", option=True),
        ),
        _release_changes,
    ),
    OperationSpec(
        "bump-version",
        "propose the trunk's next version as a pull request",
        Danger.REMOTE,
        (Parameter("repository", "only this repository", option=True), _REPLACE),
        _bump_version,
    ),
    OperationSpec(
        "tag-candidate",
        "tag the next candidate at the head of the release branch",
        Danger.IRREVERSIBLE,
        (
            Parameter("tag", "the tag, such as v2.15.0-rc2; the next number without it"),
            Parameter("repository", "another repository than the core", option=True),
        ),
        _tag_candidate,
    ),
    OperationSpec(
        "pin-candidates",
        "pin the candidates that were tagged without the cockpit",
        Danger.REMOTE,
        (),
        _pin_candidates,
    ),
    OperationSpec(
        "mark-dud",
        "declare a candidate, or the whole version, a dud",
        Danger.REMOTE,
        (
            Parameter("name", "the candidate's tag, or the version", required=True),
            Parameter("reason", "why, for everybody to read", required=True),
            Parameter("repository", "another repository than the core", option=True),
        ),
        _mark_dud,
    ),
    OperationSpec(
        "tag-final",
        "tag the released version on its final candidate",
        Danger.IRREVERSIBLE,
        (
            Parameter("repository", "another repository than the core", option=True),
            Parameter("candidate", "the final candidate; the newest without it", option=True),
        ),
        _tag_final,
    ),
    OperationSpec(
        "freeze",
        "close a release branch to further changes",
        Danger.REMOTE,
        (
            Parameter("repository", "whose release branch", required=True),
            Parameter("reason", "why, for everybody to read", required=True),
        ),
        _freeze,
    ),
    OperationSpec(
        "unfreeze",
        "open a frozen release branch again",
        Danger.REMOTE,
        (
            Parameter("repository", "whose release branch", required=True),
            Parameter("reason", "why, for everybody to read", required=True),
        ),
        _unfreeze,
    ),
    OperationSpec(
        "rerun-failed",
        "re-run what failed: of these runs, else of every ended run of the newest candidate",
        Danger.REMOTE,
        (
            Parameter("run", "a run's number or page; all red ones without it", repeated=True),
            Parameter("workflow", "only runs of this workflow, by its name", option=True),
            _ANOTHER,
            _OF_CANDIDATE,
        ),
        _rerun_failed,
        (
            "do rerun-failed",
            "do rerun-failed --workflow windows-binary-wheel",
            "plan rerun-failed 17650001234 --json",
        ),
    ),
    OperationSpec(
        "rerun-job",
        "re-run one job and what depends on it",
        Danger.REMOTE,
        (
            Parameter("job", "its number, its page, or “workflow / job”", required=True),
            _ANOTHER,
            _OF_CANDIDATE,
        ),
        _rerun_job,
        ('do rerun-job "linux-binary-manywheel / manywheel-py3_12-cuda13_0-test / test"',),
    ),
    OperationSpec(
        "cancel-run",
        "cancel runs that are still going",
        Danger.REMOTE,
        (
            Parameter("run", "a run's number or page", repeated=True),
            Parameter("all", "every run of the candidate that is still going", flag=True),
            _ANOTHER,
            _OF_CANDIDATE,
        ),
        _cancel_run,
        ("do cancel-run 17650001234", "do cancel-run --all --candidate v2.15.0-rc1"),
    ),
    OperationSpec(
        "dispatch",
        "start a workflow of the config, as a dry run unless --live, and follow its run",
        Danger.REMOTE,
        (
            Parameter("workflow", "its id or file, as [[workflows]] has it", required=True),
            _INPUT,
            Parameter("live", "have it act: without this it only says what it would do", flag=True),
            Parameter("ref", "the branch or tag it runs on; that of the config", option=True),
            Parameter("again", "why it is started once more with the same inputs", option=True),
            Parameter("no-follow", "end when its run was found; it goes on by itself", flag=True),
        ),
        _dispatch,
        (
            "plan dispatch validate-binaries --input os=linux",
            "do dispatch release-docker",
            "do dispatch release-docker --live",
        ),
    ),
    OperationSpec(
        "adopt-run",
        "record what a run that was started elsewhere was started with",
        Danger.REMOTE,
        (
            Parameter("workflow", "its id or file, as [[workflows]] has it", required=True),
            Parameter("run", "the run's page or number", required=True),
            _INPUT,
            Parameter("live", "it acted: without this it was a dry run", flag=True),
            _OF_CANDIDATE,
        ),
        _adopt_run,
        (
            "do adopt-run validate-binaries"
            " https://github.com/pytorch/test-infra/actions/runs/17650001234 --input channel=test",
        ),
    ),
    OperationSpec(
        "approve",
        "approve picks, on the tracker and in the ledger",
        Danger.REMOTE,
        (_PULLS, Parameter("note", "what is added to the approval", option=True)),
        _approve,
        ("plan approve 201234", "do approve 201234 201240 --note 'for rc2'"),
    ),
    OperationSpec(
        "deny",
        "deny a pick, on the tracker and in the ledger",
        Danger.REMOTE,
        (_PULL, Parameter("reason", "why, for everybody to read", required=True)),
        _deny,
        ("do deny 201234 'no feature work in phase 2'",),
    ),
    OperationSpec(
        "ask-pick",
        "ask for more about a pick, on the tracker and in the ledger",
        Danger.REMOTE,
        (_PULL, Parameter("question", "what “Could you …” goes on with", required=True)),
        _ask_pick,
        ("do ask-pick 201234 'link the issue that it fixes?'",),
    ),
    OperationSpec(
        "pick",
        "pick changes of trunk onto the release branch, each as a pull request",
        Danger.REMOTE,
        (
            Parameter("change", "trunk pull requests or commits", required=True, repeated=True),
            *_PICKING,
        ),
        _pick,
        ("plan pick 199731", "do pick 199731 199839 --category 'Critical: silent wrong result'"),
    ),
    OperationSpec(
        "resolve",
        "push the pick whose conflict was resolved with `release-cockpit resolve`",
        Danger.REMOTE,
        (Parameter("change", "a trunk pull request or commit", required=True), *_PICKING),
        _resolve,
        ("plan resolve 199731",),
    ),
    OperationSpec(
        "nominate",
        "nominate a landed pull request on the tracker",
        Danger.REMOTE,
        (
            _PULL,
            Parameter("release-pull", "the pull request into the branch", option=True),
            Parameter("category", "why: one of the tracker's criteria", option=True),
        ),
        _nominate,
        ("do nominate 199731 --category 'Critical: crash'",),
    ),
    OperationSpec(
        "request-bot",
        "ask pytorchbot to pick a landed pull request",
        Danger.REMOTE,
        (
            _PULL,
            Parameter(
                "classification",
                "regression, critical, fixnewfeature, docs or release",
                option=True,
                short="c",
            ),
            Parameter("fixes", "the address of the issue that it fixes", option=True),
        ),
        _request_bot,
        ("do request-bot 199731 -c critical",),
    ),
    OperationSpec(
        "merge-pick",
        "merge approved and green picks into the release branch, at the heads that are shown",
        Danger.IRREVERSIBLE,
        (_PULLS,),
        _merge_pick,
        ("do merge-pick 201234 201240",),
    ),
)


def operation(name: str) -> OperationSpec:
    """The operation of this name; raises ConfigError naming those that exist."""
    for spec in OPERATIONS:
        if spec.name == name:
            return spec
    known = ", ".join(spec.name for spec in OPERATIONS)
    raise ConfigError(f"There is no operation {name!r}", f"there are: {known}", "see --help")
