"""The workflows of the rehearsal's repositories: what starts them and which jobs they hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from cockpit.rehearsal.matrix import (
    BINARY_WORKFLOWS,
    Matrix,
    Target,
    Wheel,
    binary_jobs,
    vision_wheels,
)
from cockpit.rehearsal.model import JobTemplate, Workflow

NextId = Callable[[], int]

HEAD_WORKFLOWS = ("pull", "trunk", "lint", "linux-aarch64", "docs-build")
"""The workflows that block `viable/strict` and a release branch; process section 2.4."""

PULL_WORKFLOWS = ("pull", "lint")
"""Those of them that a pull request is checked by."""

TRITON_BUILDS, TRITON_UPLOAD = "Build Triton wheels", "upload-wheel"
DOCS_BUILDS, DOCS_PUSH = "nightly", "docs push / build-docs-push"
SOURCE_BUILDS = "Create Release"
SOURCE_UPLOAD = "Upload source code to S3 for release tags"

_BRANCHES = ("main", "release/*")

_CONFIGURATIONS = (
    "linux-jammy-py3.10-gcc11",
    "linux-jammy-py3.14-clang18",
    "linux-jammy-cuda13.0-py3.10-gcc11-sm86",
    "linux-jammy-xpu-n-py3.10",
    "linux-jammy-rocm-py3.12-mi300",
    "win-vs2022-cpu-py3",
    "macos-py3-arm64",
)


def core_workflows(
    matrix: Matrix, next_id: NextId, *, shards: int, calm: bool = False, odd: bool = False
) -> list[Workflow]:
    """Core's workflows: the blocking ones of a head, and those that a tag starts.

    Those of a `calm` head never fail by chance. Odd workflows are those that not every release has:
    with jobs that wait for reviewers, and with names that no grammar knows.
    """
    workflows = [
        head_workflow(next_id(), "pull", _shard_jobs(_CONFIGURATIONS[:4], shards)),
        head_workflow(next_id(), "trunk", _shard_jobs(_CONFIGURATIONS[4:], shards)),
        head_workflow(next_id(), "lint", plain_jobs("lintrunner-noclang", "quick-checks", "toc")),
        head_workflow(
            next_id(), "linux-aarch64", _shard_jobs(("linux-jammy-aarch64-py3.10",), shards)
        ),
        head_workflow(next_id(), "docs-build", plain_jobs("build-docs-python", "build-docs-cpp")),
    ]
    if calm:
        for workflow in workflows:
            workflow.jobs = tuple(replace(job, failure_rate=0) for job in workflow.jobs)
    for target in matrix.targets:
        name = BINARY_WORKFLOWS[target.os, target.arch]
        workflows.append(
            Workflow(
                next_id(),
                name,
                f".github/workflows/generated-{name}-nightly.yml",
                on_candidate_tag=True,
                dispatchable=True,
                jobs=binary_jobs(matrix, target),
            )
        )
    return [*workflows, *_tag_workflows(matrix, next_id), *(_odd_workflows(next_id) if odd else ())]


def wheel_builds(workflow: Workflow) -> tuple[str, ...]:
    """The jobs by which a generated workflow names the wheels that it builds."""
    names = (job.name.partition(" / ")[0] for job in workflow.jobs)
    return tuple(name for name in names if re.fullmatch(r"(many)?wheel-py.*-build", name))


def head_workflow(id_: int, name: str, jobs: tuple[JobTemplate, ...]) -> Workflow:
    """A workflow that every push to a branch starts, and perhaps a pull request into it."""
    path = f".github/workflows/{name.lower()}.yml"
    on_pull = name in PULL_WORKFLOWS
    return Workflow(id_, name, path, on_branch_push=_BRANCHES, on_pull=on_pull, jobs=jobs)


def plain_jobs(*names: str) -> tuple[JobTemplate, ...]:
    """Jobs that need no other."""
    return tuple(JobTemplate(name, minutes=(6, 25), failure_rate=0.004) for name in names)


def _shard_jobs(configurations: tuple[str, ...], shards: int) -> tuple[JobTemplate, ...]:
    jobs = []
    for name in configurations:
        build = f"{name} / build"
        jobs.append(JobTemplate(build, "build", minutes=(25, 70), failure_rate=0.004))
        jobs += [
            JobTemplate(
                f"{name} / test (default, {shard}, {shards}, linux.4xlarge)",
                "test",
                needs=(build,),
                minutes=(30, 110),
                queue=(1, 20),
                failure_rate=0.012,
            )
            for shard in range(1, shards + 1)
        ]
    return tuple(jobs)


def _tag_workflows(matrix: Matrix, next_id: NextId) -> list[Workflow]:
    """The tag workflows that build no wheels of torch itself; process section 5.3."""
    return [
        Workflow(
            next_id(),
            TRITON_BUILDS,
            ".github/workflows/build-triton-wheel.yml",
            on_candidate_tag=True,
            dispatchable=True,
            jobs=_triton_jobs(matrix),
        ),
        Workflow(
            next_id(),
            "Build Official Docker Images",
            ".github/workflows/docker-release.yml",
            on_candidate_tag=True,
            on_final_tag=True,
            dispatchable=True,
            jobs=_docker_jobs(matrix),
        ),
        Workflow(
            next_id(),
            DOCS_BUILDS,
            ".github/workflows/nightly.yml",
            on_candidate_tag=True,
            jobs=_docs_jobs(),
        ),
        Workflow(
            next_id(),
            SOURCE_BUILDS,
            ".github/workflows/create_release.yml",
            on_candidate_tag=True,
            on_final_tag=True,
            dispatchable=True,
            jobs=_source_jobs(),
        ),
    ]


def _odd_workflows(next_id: NextId) -> list[Workflow]:
    collect = JobTemplate("collect", "prepare", minutes=(1, 3))
    sign = JobTemplate(
        "sign", "upload", needs=(collect.name,), minutes=(4, 9), environment="release-signing"
    )
    publish = JobTemplate("publish-signatures", "upload", needs=(sign.name,), minutes=(1, 3))
    names = (
        "[bold red]markup[/bold red] / build",
        "escape \x1b[31mred\x1b[0m \x1b]0;title\x07 / test",
        "line\nbreak\tand tab",
        "\u202eright to left\u202c 表格 é 👩‍🚀 / upload",
        "a very long name, " * 20,
        "..",
        "build",
        "build / build / build / build",
    )
    return [
        Workflow(
            next_id(),
            name,
            f".github/workflows/{file}.yml",
            on_candidate_tag=True,
            dispatchable=True,
            jobs=jobs,
        )
        for name, file, jobs in (
            ("Sign wheels", "sign-wheels", (collect, sign, publish)),
            ("Odd names 表", "odd-names", plain_jobs(*names)),
        )
    ]


def _accelerators(matrix: Matrix, kind: str) -> list[str]:
    return sorted(
        {
            accelerator
            for target in matrix.targets
            for accelerator in target.accelerators
            if accelerator.startswith(kind)
        }
    )


def _triton_jobs(matrix: Matrix) -> tuple[JobTemplate, ...]:
    devices = [
        device
        for device, kind in (("cuda", "cu1"), ("rocm", "rocm"), ("xpu", "xpu"))
        if _accelerators(matrix, kind)
    ]
    rows = [f"{device}, manylinux_2_28_x86_64" for device in devices]
    rows += ["aarch64, manylinux_2_28_aarch64"]
    rows += ["xpu, win_amd64"] if "xpu" in devices else []
    label = JobTemplate("get-label-type", "prepare", minutes=(0.2, 0.6))
    builds = [
        JobTemplate(
            f"Build Triton Wheel ({python}, {row})",
            "build",
            needs=(label.name,),
            minutes=(18, 45),
            failure_rate=0.005,
        )
        for python in matrix.pythons
        for row in rows
    ]
    upload = JobTemplate(
        TRITON_UPLOAD, "upload", needs=tuple(job.name for job in builds), minutes=(2, 6)
    )
    return (label, *builds, upload)


def _docker_jobs(matrix: Matrix) -> tuple[JobTemplate, ...]:
    generate = JobTemplate("generate-matrix", "prepare", minutes=(0.3, 1))
    cuda = [f"{name[2:-1]}.{name[-1]}" for name in _accelerators(matrix, "cu1")]
    images = [f"cuda{version}, {kind}" for version in cuda for kind in ("runtime", "devel")]
    builds = [
        JobTemplate(
            f"build ({image})",
            "build",
            needs=(generate.name,),
            minutes=(35, 75),
            failure_rate=0.01,
        )
        for image in (*images, "cpu, runtime, linux/arm64")
    ]
    validate = JobTemplate(
        "validate", "test", needs=tuple(job.name for job in builds), minutes=(6, 15)
    )
    return (generate, *builds, validate)


def _docs_jobs() -> tuple[JobTemplate, ...]:
    build = JobTemplate("docs build / build", "build", minutes=(55, 90), failure_rate=0.005)
    docs = [
        JobTemplate(
            f"docs build / build-docs-{kind}-true", "test", needs=(build.name,), minutes=(20, 50)
        )
        for kind in ("python", "cpp")
    ]
    push = JobTemplate(DOCS_PUSH, "upload", needs=tuple(job.name for job in docs))
    return (build, *docs, push)


def _source_jobs() -> tuple[JobTemplate, ...]:
    create = JobTemplate("Create Release", "build", minutes=(9, 18))
    upload = JobTemplate(SOURCE_UPLOAD, "upload", needs=(create.name,))
    return (JobTemplate("get-label-type", "prepare", minutes=(0.2, 0.6)), create, upload)


def vision_workflows(matrix: Matrix, next_id: NextId) -> list[Workflow]:
    """Vision's workflows: a head's, and one a platform for candidates."""
    heads = [
        head_workflow(next_id(), name, plain_jobs(*jobs))
        for name, jobs in (
            ("Lint", ("python-source-and-configs", "c-source", "mypy")),
            ("Tests", ("unittests-linux (3.10, cpu)", "unittests-macos (3.10)")),
        )
    ]
    builds = [
        Workflow(
            next_id(),
            vision_workflow(target),
            f".github/workflows/build-wheels-{target.os}-{target.arch}.yml",
            on_candidate_tag=True,
            dispatchable=True,
            jobs=_vision_jobs(matrix, target),
        )
        for target in matrix.targets
        if target.arch != "s390x"
    ]
    return heads + builds


def vision_workflow(target: Target) -> str:
    """The workflow that builds vision's wheels for one target."""
    name = {"linux": "Linux", "windows": "Windows", "macos": "M1"}[target.os]
    return f"Build {name} Wheels" + (" Aarch64" if target.arch == "aarch64" else "")


def vision_upload_job(wheel: Wheel) -> str:
    """The job that puts a wheel of vision into the test channel."""
    return f"{_vision_name(wheel)} / upload"


def _vision_name(wheel: Wheel) -> str:
    return f"pytorch/vision / wheel-py{wheel.python.replace('.', '_')}-{wheel.accelerator}"


def _vision_jobs(matrix: Matrix, target: Target) -> tuple[JobTemplate, ...]:
    generate = JobTemplate("generate-matrix / generate", "prepare", minutes=(0.3, 1))
    jobs = [generate]
    for wheel in vision_wheels(matrix, target):
        build = JobTemplate(
            f"{_vision_name(wheel)} / build",
            "build",
            needs=(generate.name,),
            minutes=(9, 25),
            failure_rate=0.008,
        )
        upload = JobTemplate(
            vision_upload_job(wheel), "upload", needs=(build.name,), minutes=(0.5, 2)
        )
        jobs += [build, upload]
    return tuple(jobs)
