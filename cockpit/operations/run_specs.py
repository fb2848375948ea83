"""The operations on workflows and their runs, with the words they are called with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.errors import ConfigError
from cockpit.operations.plan import Danger, Operation
from cockpit.operations.specs import (
    ANOTHER,
    OF_CANDIDATE,
    Arguments,
    OperationSpec,
    Parameter,
    several,
    tagged_repository,
)
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.provider import Backends
    from cockpit.release.workflows import WorkflowSpec


_LINES = "\n"
"""Joins what may hold commas itself."""


def _run_numbers(repository: Repository, arguments: Arguments) -> tuple[int, ...]:
    from cockpit.operations.runs import run_number

    texts = several(arguments, "run")
    return tuple(dict.fromkeys(run_number(text, repository.name) for text in texts))


def _rerun_failed(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.rerunning import RerunFailed

    repository = tagged_repository(backends, arguments)
    return RerunFailed(
        backends,
        repository,
        _run_numbers(repository, arguments),
        arguments.get("workflow", ""),
        arguments.get("candidate"),
    )


def _rerun_job(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.rerunning import RerunJob

    repository = tagged_repository(backends, arguments)
    return RerunJob(backends, repository, arguments.get("job", ""), arguments.get("candidate"))


def _cancel_run(backends: Backends, arguments: Arguments) -> Operation:
    from cockpit.operations.cancelling import CancelRuns

    repository = tagged_repository(backends, arguments)
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


_INPUT = Parameter(
    "input", "NAME=VALUE; may be repeated", option=True, repeated=True, separator=_LINES
)

RUN_OPERATIONS: tuple[OperationSpec, ...] = (
    OperationSpec(
        "rerun-failed",
        "re-run what failed: of these runs, else of every ended run of the newest candidate",
        Danger.REMOTE,
        (
            Parameter("run", "a run's number or page; all red ones without it", repeated=True),
            Parameter("workflow", "only runs of this workflow, by its name", option=True),
            ANOTHER,
            OF_CANDIDATE,
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
            ANOTHER,
            OF_CANDIDATE,
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
            ANOTHER,
            OF_CANDIDATE,
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
            OF_CANDIDATE,
        ),
        _adopt_run,
        (
            "do adopt-run validate-binaries"
            " https://github.com/pytorch/test-infra/actions/runs/17650001234 --input channel=test",
        ),
    ),
)
