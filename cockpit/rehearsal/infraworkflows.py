"""test-infra's release workflows: what they are dispatched with, and the jobs they run."""

from __future__ import annotations

from dataclasses import replace

from cockpit.rehearsal.matrix import Matrix, Target, wheels
from cockpit.rehearsal.model import DispatchInput, JobTemplate, Workflow
from cockpit.rehearsal.workflows import NextId, head_workflow, plain_jobs

_Inputs = tuple[DispatchInput, ...]
_Definition = tuple[str, str, _Inputs, tuple[JobTemplate, ...]]
"""A workflow's name, its file, its inputs and its jobs."""


def infra_workflows(matrix: Matrix, next_id: NextId) -> list[Workflow]:
    """test-infra's release workflows, with the inputs of process section 21."""
    lint = head_workflow(next_id(), "Lint", plain_jobs("lintrunner", "tests"))
    return [lint] + [
        Workflow(
            next_id(),
            name,
            f".github/workflows/{file}.yml",
            dispatchable=True,
            inputs=inputs,
            jobs=jobs,
        )
        for name, file, inputs, jobs in (*_validations(matrix), *_RELEASE_WORKFLOWS)
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


_SYSTEMS = {
    ("linux", "x86_64"): "linux",
    ("linux", "aarch64"): "linux-aarch64",
    ("windows", "x86_64"): "windows",
    ("macos", "arm64"): "macos",
}
"""How the input `os` names what is validated."""


def _validations(matrix: Matrix) -> list[_Definition]:
    targets = {_SYSTEMS[t.os, t.arch]: t for t in matrix.targets if t.arch != "s390x"}
    by_system = {system: _validation_jobs(matrix, t, system) for system, t in targets.items()}
    every = tuple(
        replace(job, when=("os", system, "all"))
        for system, jobs in by_system.items()
        for job in jobs
    )
    inputs = (
        _choice("os", "all", "windows linux linux-aarch64 macos all"),
        _choice("channel", "test", "release nightly test all"),
        *_VALIDATION,
    )
    one = (_CHANNEL, *_VALIDATION, _text("release-matrix"))
    single = (
        (f"Validate {_SPOKEN[system]} binaries", f"validate-{_FILES[system]}-binaries", one, jobs)
        for system, jobs in by_system.items()
    )
    overall = tuple(job for jobs in by_system.values() for job in jobs)
    return [
        ("Validate binaries", "validate-binaries", inputs, every),
        *single,
        ("Release Binaries Validations", "validate-release-binaries", (), overall),
        ("Nightly Binaries Validations", "validate-nightly-binaries", (), overall),
    ]


_SPOKEN = {
    "linux": "linux",
    "linux-aarch64": "aarch64 linux",
    "windows": "windows",
    "macos": "macOS arm64",
}
_FILES = {
    "linux": "linux",
    "linux-aarch64": "aarch64-linux",
    "windows": "windows",
    "macos": "macos-arm64",
}


def _validation_jobs(matrix: Matrix, target: Target, system: str) -> tuple[JobTemplate, ...]:
    """One job for each wheel and each libtorch of a system; process section 16.3."""
    generate = JobTemplate(f"{system} / generate-matrix", "prepare", minutes=(0.3, 1))
    configurations = [
        f"wheel-py{wheel.python.replace('.', '_')}-{wheel.accelerator}"
        for wheel in wheels(matrix, target)
    ]
    configurations += [f"libtorch-{accelerator}" for accelerator in target.libtorch]
    return (
        generate,
        *(
            JobTemplate(
                f"{system} / {configuration} / validate",
                "test",
                needs=(generate.name,),
                minutes=(6, 18),
                failure_rate=0.01,
            )
            for configuration in configurations
        ),
    )


def _image_jobs() -> tuple[JobTemplate, ...]:
    generate = JobTemplate("generate-matrix", "prepare", minutes=(0.3, 1))
    images = [f"cuda{v}, {kind}" for v in ("12.6", "13.0", "13.2") for kind in ("runtime", "devel")]
    return (
        generate,
        *(
            JobTemplate(f"validate ({image})", "test", needs=(generate.name,), minutes=(4, 12))
            for image in (*images, "cpu, runtime")
        ),
    )


def _steps(*names: str) -> tuple[JobTemplate, ...]:
    jobs: list[JobTemplate] = []
    for name in names:
        needs = (jobs[-1].name,) if jobs else ()
        jobs.append(JobTemplate(name, "upload", needs=needs, minutes=(3, 15)))
    return tuple(jobs)


_LIVE = ("dry_run", "false")
"""For jobs of workflows whose dry run leaves them out, without a word in any log."""

_RELEASE_WORKFLOWS: tuple[_Definition, ...] = (
    (
        "Validate Nightly Docker Images",
        "validate-docker-images",
        (
            _choice("channel", "nightly", "nightly test release"),
            _text("generate_dockerhub_images", "false"),
            _text("ref"),
        ),
        _image_jobs(),
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
            JobTemplate("create-release-changes-pr", when=_LIVE),
            JobTemplate("create-version-bump-pr", when=_LIVE),
            JobTemplate("update-test-infra", when=_LIVE),
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
        "Update S3 HTML dependencies",
        "update-s3-dependencies",
        (
            _choice("mode", "update-packages", "update-packages create-target"),
            _DRY,
            _text("package", "torch"),
        ),
        _steps("update-dependencies"),
    ),
    (
        "Trigger nightly builds for domains",
        "trigger_nightly",
        (_choice("domain", "all", _DOMAINS),),
        _steps("trigger"),
    ),
    ("Trigger nightly builds for pytorch core", "trigger_nightly_core", (), _steps("trigger")),
)
