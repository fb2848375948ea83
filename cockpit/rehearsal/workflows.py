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
from cockpit.rehearsal.model import DispatchInput, JobTemplate, Workflow

NextId = Callable[[], int]

HEAD_WORKFLOWS = ("pull", "trunk", "lint", "linux-aarch64", "docs-build")
"""The workflows that block `viable/strict` and a release branch; process section 2.4."""

TRITON_BUILDS, TRITON_UPLOAD = "Build Triton wheels", "upload-wheel"
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
    matrix: Matrix, next_id: NextId, *, shards: int, calm: bool = False
) -> list[Workflow]:
    """Core's workflows: the blocking ones of a head, and those that a tag starts.

    Those of a `calm` head never fail by chance.
    """
    workflows = [
        _of_heads(next_id(), "pull", _shard_jobs(_CONFIGURATIONS[:4], shards)),
        _of_heads(next_id(), "trunk", _shard_jobs(_CONFIGURATIONS[4:], shards)),
        _of_heads(next_id(), "lint", _plain_jobs("lintrunner-noclang", "quick-checks", "toc")),
        _of_heads(next_id(), "linux-aarch64", _shard_jobs(("linux-jammy-aarch64-py3.10",), shards)),
        _of_heads(next_id(), "docs-build", _plain_jobs("build-docs-python", "build-docs-cpp")),
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
    return [*workflows, *_tag_workflows(matrix, next_id)]


def wheel_builds(workflow: Workflow) -> tuple[str, ...]:
    """The jobs by which a generated workflow names the wheels that it builds."""
    names = (job.name.partition(" / ")[0] for job in workflow.jobs)
    return tuple(name for name in names if re.fullmatch(r"(many)?wheel-py.*-build", name))


def _of_heads(id_: int, name: str, jobs: tuple[JobTemplate, ...]) -> Workflow:
    return Workflow(id_, name, f".github/workflows/{name}.yml", on_branch_push=_BRANCHES, jobs=jobs)


def _plain_jobs(*names: str) -> tuple[JobTemplate, ...]:
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
            "nightly",
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
    push = JobTemplate(
        "docs push / build-docs-push", "upload", needs=tuple(job.name for job in docs)
    )
    return (build, *docs, push)


def _source_jobs() -> tuple[JobTemplate, ...]:
    create = JobTemplate("Create Release", "build", minutes=(9, 18))
    upload = JobTemplate(SOURCE_UPLOAD, "upload", needs=(create.name,))
    return (JobTemplate("get-label-type", "prepare", minutes=(0.2, 0.6)), create, upload)


def vision_workflows(matrix: Matrix, next_id: NextId) -> list[Workflow]:
    """Vision's workflows: a head's, and one a platform for candidates."""
    heads = [
        Workflow(
            next_id(),
            name,
            f".github/workflows/{name.lower()}.yml",
            on_branch_push=_BRANCHES,
            jobs=_plain_jobs(*jobs),
        )
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


def infra_workflows(next_id: NextId) -> list[Workflow]:
    """test-infra's release workflows, with the inputs of process section 21."""
    lint = Workflow(
        next_id(),
        "Lint",
        ".github/workflows/lint.yml",
        on_branch_push=_BRANCHES,
        jobs=_plain_jobs("lintrunner", "tests"),
    )
    return [lint] + [
        Workflow(
            next_id(),
            name,
            f".github/workflows/{file}.yml",
            dispatchable=True,
            inputs=inputs,
            jobs=jobs,
        )
        for name, file, inputs, jobs in _RELEASE_WORKFLOWS
    ]


def _text(name: str, default: str = "", *, required: bool = False) -> DispatchInput:
    return DispatchInput(name, "string", default, required)


def _switch(name: str, default: str = "false") -> DispatchInput:
    return DispatchInput(name, "boolean", default)


def _choice(name: str, default: str, options: str, *, required: bool = False) -> DispatchInput:
    return DispatchInput(name, "choice", default, required, tuple(options.split()))


_DRY = _choice("dryrun", "enabled", "enabled disabled")
_CHANNEL = _choice("channel", "", "release nightly test all", required=True)
_VALIDATION = (
    _switch("torchonly"),
    _text("version"),
    _switch("include-test-ops"),
    _switch("include-torchaudio"),
    _text("use-only-dl-pytorch-org", "false"),
    _switch("use-extra-index-url"),
    _switch("use-wheel-variants"),
)
_ECOSYSTEM = (
    "torchao torchtune executorch torchvision torchaudio torchcodec torchcomms torch_tensorrt "
    "torch_tensorrt_rtx torchrec fbgemm_gpu fbgemm_gpu_genai mslk flash_attn_3"
)
_DOMAINS = (
    "vision audio torchrec tensorrt data fbgemm mslk executorch torchtune torchcodec "
    "torchvision-extra-decoders torchtitan torchcomms torchforge all"
)


def _validation_jobs(*systems: str) -> tuple[JobTemplate, ...]:
    jobs: list[JobTemplate] = []
    for system in systems:
        generate = JobTemplate(f"{system} / generate-matrix", "prepare", minutes=(0.3, 1))
        jobs.append(generate)
        jobs += [
            JobTemplate(
                f"{system} / wheel-py{python}-{accelerator} / validate",
                "test",
                needs=(generate.name,),
                minutes=(6, 18),
                failure_rate=0.01,
            )
            for python in ("3_10", "3_12", "3_14")
            for accelerator in (("cpu",) if system == "macos-arm64" else ("cpu", "cuda13_0"))
        ]
    return tuple(jobs)


def _steps(*names: str) -> tuple[JobTemplate, ...]:
    jobs: list[JobTemplate] = []
    for name in names:
        needs = (jobs[-1].name,) if jobs else ()
        jobs.append(JobTemplate(name, "upload", needs=needs, minutes=(3, 15)))
    return tuple(jobs)


def _validate_one(
    name: str, file: str, system: str
) -> tuple[str, str, tuple[DispatchInput, ...], tuple[JobTemplate, ...]]:
    inputs = (_CHANNEL, *_VALIDATION, _text("release-matrix"))
    return (
        f"Validate {name} binaries",
        f"validate-{file}-binaries",
        inputs,
        _validation_jobs(system),
    )


_RELEASE_WORKFLOWS: tuple[
    tuple[str, str, tuple[DispatchInput, ...], tuple[JobTemplate, ...]], ...
] = (
    (
        "Validate binaries",
        "validate-binaries",
        (
            _choice("os", "all", "windows linux linux-aarch64 macos all"),
            _choice("channel", "test", "release nightly test all"),
            *_VALIDATION,
        ),
        _validation_jobs("linux", "linux-aarch64", "windows", "macos-arm64"),
    ),
    _validate_one("linux", "linux", "linux"),
    _validate_one("aarch64 linux", "aarch64-linux", "linux-aarch64"),
    _validate_one("windows", "windows", "windows"),
    _validate_one("macOS arm64", "macos-arm64", "macos-arm64"),
    (
        "Validate Nightly Docker Images",
        "validate-docker-images",
        (
            _choice("channel", "nightly", "nightly test release"),
            _text("generate_dockerhub_images", "false"),
            _text("ref"),
        ),
        _validation_jobs("docker"),
    ),
    (
        "Prepare binary and release binary to pypi",
        "release-stage-pypi",
        (
            _DRY,
            _choice(
                "package", "torchvision", "torchao torchvision torchaudio torchcodec executorch"
            ),
        ),
        _steps("stage"),
    ),
    (
        "Release binary to pypi",
        "release-pypi",
        (
            _DRY,
            _choice(
                "package",
                "torchao",
                "torchao torchtune executorch torchvision torchaudio torchcodec",
            ),
        ),
        _steps("download", "publish"),
    ),
    (
        "Release ecosystem library from test to production.",
        "release-download-pytorch-org",
        (_DRY, _choice("package", "torchvision", _ECOSYSTEM)),
        _steps("promote", "recompute-checksums"),
    ),
    (
        "Release post-promotion SHA256 recompute",
        "release-post-promotion",
        (_choice("project", "torch", "torch"), _text("version")),
        _steps("recompute"),
    ),
    (
        "Release Docker Images to Docker Hub",
        "release-docker",
        (
            _text("pytorch_version", "2.11.0"),
            _switch("dry_run", "true"),
            _choice("channel", "release", "release test"),
        ),
        _steps("generate-matrix", "push"),
    ),
    (
        "Release PyTorch Post Branch Cut",
        "release-pytorch-post-branch-cut",
        (_text("release_version", required=True), _switch("dry_run")),
        (
            JobTemplate("create-release-changes-pr"),
            JobTemplate("create-version-bump-pr"),
            JobTemplate("update-test-infra"),
        ),
    ),
    (
        "Release Wheel Variants",
        "release-wheel-variants",
        (
            _text("pytorch_version"),
            _text("pytorch_release", "2.10"),
            _choice("package_name", "torch", "torch torchvision all"),
            _text("architectures", "cpu"),
            _text("platforms", "manylinux_2_28_x86_64"),
            _switch("dry_run", "true"),
            _text("variant_repack_ref", "main"),
        ),
        _steps("repack"),
    ),
    (
        "Release manage runner groups",
        "release-manage-runner-groups",
        (_switch("apply"),),
        _steps("reconcile"),
    ),
    (
        "GitHub Analytics Daily",
        "github-analytics-daily",
        (_text("branch", "release/2.10"), _text("milestone-id", "57")),
        _steps("missing-reverts", "missing-in-branch"),
    ),
    (
        "Update S3 HTML indices",
        "update-s3-html",
        (),
        _steps("update-html"),
    ),
    (
        "Trigger nightly builds for domains",
        "trigger_nightly",
        (_choice("domain", "all", _DOMAINS),),
        _steps("trigger"),
    ),
    ("Trigger nightly builds for pytorch core", "trigger_nightly_core", (), _steps("trigger")),
)
