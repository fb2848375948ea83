"""The files a world hands to the cockpit: `release.toml` and the credentials beside it."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cockpit.rehearsal.docsite import DOCS
from cockpit.rehearsal.infraworkflows import infra_workflows
from cockpit.rehearsal.matrix import Target
from cockpit.rehearsal.model import DispatchInput, Workflow
from cockpit.rehearsal.packages import MIRROR_BUCKET
from cockpit.rehearsal.people import (
    ADA,
    CAPTAIN,
    MANAGERS,
    MIKA,
    ON_CALL,
    REVIEWER,
    TEAM,
    Person,
)
from cockpit.rehearsal.releasefiles import (
    DOCKER_FOLDER,
    PIN_CONSTANT,
    PIN_FILE,
    STATE_BUCKET,
    STATE_READERS,
    TRITON_WORKFLOW,
    XLA_CLONE,
    XLA_PIN,
)
from cockpit.rehearsal.s3 import REGION
from cockpit.rehearsal.scenario import CORE, INFRA, VISION, Scenario
from cockpit.rehearsal.upstream import TRITON
from cockpit.rehearsal.workflows import HEAD_WORKFLOWS, core_workflows

CONFIG_NAME = "release.toml"
CREDENTIALS_NAME = "credentials.env"
LEDGER = "remotes/ledger.git"
INDEX_CUDA = "cu130"
"""The accelerator whose wheels go to the package index."""

_TEMPLATE = """\
# A rehearsal: every address is on this machine, and nothing in here is real.
credentials_file = {credentials}
folder = "cockpit"
clock = {clock}

[release]
version = {version}
final_workflows = ["Create Release", "Build Official *"]

[identity]
name = {captain_name}
email = {captain_email}
always = true

{repositories}
[github]
api = {github}

[objectstore]
endpoint = {s3}
region = {region}
bucket = "pytorch"
index_url = {index_pages}
backup_bucket = "pytorch-backup"

[[mirrors]]
name = "r2"
bucket = {mirror_bucket}
endpoint = {mirror}
region = {region}
index_url = {mirror_pages}
acl = "public-read"

[promotion]
copy_mb_s = 50
mirror_mb_s = 20

[index]
repository = "rehearsal"
url = {upload}
wheels = {index_wheels}
simple = {simple}

[conda]
api = {conda}

[ledger]
remote = {ledger}

[schedule]
branch_cut = {branch_cut}
picks_close = {picks_close}
release_day = {release_day}

[triton]
remote = {triton}

[docs]
remote = {docs}

[submodules]
allowed = []

[runs.images-validated]
workflow = "validate-docker-images.yml"
inputs = {{ channel = "release" }}
version_input = ""

[runs.images-published]
workflow = "release-docker.yml"
inputs = {{ dry_run = "false" }}
version_input = "pytorch_version"

[runs.packages-validated]
workflow = "validate-binaries.yml"
inputs = {{ channel = "release", os = "all" }}

[feeds]
branches = 10
ci = 15
builds = 5
libraries = 10
earlier = 60
checks = 20
picks = 20
trunk = 10
predictions = 5
milestone = 30
artifacts = 30
publishing = 30
promotion = 20
docs = 60
validations = 20
ledger = 5
mirror = 20
preparation = 30
submodules = 60
confirmations = 30
dependencies = 60
credentials = 60

{people}
{workstreams}
{workflows}
[support]
pythons = {pythons}
workflows = ["*-binary-*", "Build Triton wheels", "Build Official *", "nightly", "Create Release"]

{targets}"""


_CORE_CHANGES: tuple[Mapping[str, object], ...] = (
    {"change": "references", "rules": "script-2023"},
    {"change": "template-argument"},
    {"change": "replace", "file": TRITON_WORKFLOW, "old": "- main", "new": "- {branch}"},
    {"change": "replace", "file": XLA_CLONE, "old": "--quiet", "new": "-b r{line}"},
    {"change": "write", "file": XLA_PIN, "text": "r{line}"},
    {"change": "version"},
    *(
        {"change": "object-version", "file": path, "bucket": STATE_BUCKET, "objects": keys}
        for path, keys in STATE_READERS.items()
    ),
    {"change": "docker-pin"},
)


_CUT_BY_SCRIPT = {"rules": "script-2023", "cut_sets_version": True}
"""How vision's branch was cut where it is there; before that its changes come as pull requests."""
_WORKSTREAMS: tuple[Mapping[str, object], ...] = (
    {"id": "core", "title": "Core and Marketing", "contacts": (MIKA.login,)},
    {"id": "release-eng", "title": "Release Engineering", "contacts": (CAPTAIN.login, ADA.login)},
    {"id": "doc-eng", "title": "Documentation", "contacts": (REVIEWER.login,)},
    {"id": "release-notes", "title": "Release notes", "contacts": (REVIEWER.login,)},
    {"id": "partner", "title": "Partners", "contacts": (ON_CALL.login,)},
)
"""The points of contact; process section 19.7."""
_LIVE: Mapping[str, Mapping[str, str]] = {
    "dryrun": {"live": "disabled", "dry": "enabled"},
    "dry_run": {"live": "false", "dry": "true"},
    "apply": {"live": "true", "dry": "false"},
}
"""How each of the switches between dry and live is told; process section 21.1."""
_DEFAULTS = {
    "pytorch_version": "{version}",
    "pytorch_release": "{line}",
    "release_version": "{line}",
    "branch": "release/{line}",
}
"""What a release starts its workflows with, where their own defaults are of another one."""
_FOR_GOOD = ("release-pypi", "release-download-pytorch-org", "release-docker")
"""Workflows whose live form publishes."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the services of a world answer."""

    github: str
    s3: str
    mirror: str
    index: str
    control: str


def render(at: Addresses, scenario: Scenario) -> str:
    """The text of `release.toml`; its paths are relative to the file."""
    targets = (
        {
            "os": target.os,
            "arch": target.arch,
            "accelerators": target.accelerators,
            "libtorch": target.libtorch,
            "stages": ("build", "upload") if target.os == "macos" else ("build", "test", "upload"),
        }
        for target in scenario.matrix.targets
    )
    return _TEMPLATE.format(
        credentials=_value(CREDENTIALS_NAME),
        clock=_value(f"{at.control}/clock"),
        version=_value(scenario.version),
        captain_name=_value(CAPTAIN.name),
        captain_email=_value(CAPTAIN.email),
        repositories=_tables("repositories", _repositories(scenario)),
        github=_value(at.github),
        s3=_value(at.s3),
        region=_value(REGION),
        index_pages=_value(f"{at.s3}/pytorch"),
        mirror=_value(at.mirror),
        mirror_bucket=_value(MIRROR_BUCKET),
        mirror_pages=_value(f"{at.mirror}/{MIRROR_BUCKET}"),
        upload=_value(f"{at.index}/legacy/"),
        conda=_value(f"{at.index}/conda"),
        index_wheels=_value(tuple(_index_wheels(scenario))),
        simple=_value(f"{at.index}/simple"),
        ledger=_value(LEDGER),
        triton=_value(f"remotes/{TRITON}.git"),
        docs=_value(f"remotes/{DOCS}.git"),
        branch_cut=scenario.branch_cut,
        picks_close=scenario.picks_close,
        release_day=scenario.release_day,
        people=_tables("people", map(_person, TEAM)),
        workstreams=_tables("workstreams", _WORKSTREAMS),
        workflows=_tables("workflows", _workflows(scenario)),
        pythons=_value(scenario.matrix.pythons),
        targets=_tables("support.targets", targets),
    )


def write_credentials(directory: Path, values: Mapping[str, str]) -> Path:
    """Write `KEY=VALUE` lines that only their owner may read; replaces the file in one go."""
    path = directory / CREDENTIALS_NAME
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{key}={value}\n" for key, value in values.items())
    return draft.replace(path)


def _repositories(scenario: Scenario) -> Iterator[Mapping[str, object]]:
    tables: tuple[dict[str, object], ...] = (
        {
            "name": CORE,
            "role": "core",
            "package": "torch",
            "cut_from": "viable/strict",
            "version_file": "version.txt",
            "blocking_workflows": HEAD_WORKFLOWS,
            "nightlies": {"workflows": ("*-binary-*",)},
            "docker_pin": {"file": PIN_FILE, "constant": PIN_CONSTANT, "folder": DOCKER_FOLDER},
            "release_changes": _CORE_CHANGES,
        },
        {"name": INFRA, "role": "infra", "candidates": False, "rules": "script-2026"},
        {
            "name": VISION,
            "role": "domain",
            "package": "torchvision",
            "version": scenario.vision_version,
            "version_file": "version.txt",
            **(_CUT_BY_SCRIPT if scenario.is_cut else {}),
            "release_changes": (
                {"change": "version"},
                {"change": "references", "rules": "all-occurrences"},
            ),
            "nightlies": {"workflows": ("Build *",)},
            "wheel_workflows": tuple(
                _wheel_workflow(t) for t in scenario.matrix.targets if t.arch != "s390x"
            ),
        },
    )
    for table in tables:
        yield table | {"remote": f"remotes/{table['name']}.git"}


def _index_wheels(scenario: Scenario) -> Iterator[Mapping[str, object]]:
    """CUDA where there is any, as the index gets it; process section 10.2."""
    for target in scenario.matrix.targets:
        if target.arch != "s390x":
            cuda = target.os == "linux" and INDEX_CUDA in target.accelerators
            accelerator = INDEX_CUDA if cuda else "cpu"
            yield {"os": target.os, "arch": target.arch, "accelerator": accelerator}


def _wheel_workflow(target: Target) -> Mapping[str, object]:
    files = f"build-wheels-{target.os}-{target.arch}.yml"
    return {"os": target.os, "arch": target.arch, "files": files}


def _workflows(scenario: Scenario) -> Iterator[Mapping[str, object]]:
    """Everything of the world that can be started by hand."""
    numbers = itertools.count().__next__
    for workflow in infra_workflows(scenario.matrix, numbers):
        if workflow.dispatchable:
            yield _workflow(INFRA, "main", workflow)
    for workflow in core_workflows(scenario.matrix, numbers, shards=1):
        if workflow.dispatchable:
            yield _workflow(CORE, scenario.release_branch, workflow)


def _workflow(repository: str, ref: str, workflow: Workflow) -> Mapping[str, object]:
    file = workflow.path.rpartition("/")[2]
    name = file.partition(".")[0]
    table: dict[str, object] = {
        "id": name,
        "title": workflow.name,
        "repository": repository,
        "file": file,
        "ref": ref,
        "inputs": tuple(_input(one) for one in workflow.inputs if one.name not in _LIVE),
    }
    for one in workflow.inputs:
        if one.name in _LIVE:
            table["live"] = {"input": one.name, **_LIVE[one.name]}
    if name in _FOR_GOOD:
        table |= {"irreversible": True, "dry_run_first": True}
    return table


def _input(one: DispatchInput) -> Mapping[str, object]:
    default = _DEFAULTS.get(one.name) or one.default or ("test" if "test" in one.options else "")
    table: dict[str, object] = {"name": one.name, "type": one.kind}
    if default:
        table["default"] = default == "true" if one.kind == "boolean" else default
    if one.options:
        table["options"] = one.options
    if one.required:
        table["required"] = True
    return table


def _person(person: Person) -> Mapping[str, object]:
    return {
        "name": person.name,
        "login": person.login,
        "email": person.email,
        "duties": _duties(person),
    }


def _duties(person: Person) -> tuple[str, ...]:
    if person in (CAPTAIN, ADA):
        return ("captain", "approver", "reviewer")
    if person in MANAGERS:
        return ("approver", "reviewer")
    return ("on-call",) if person is ON_CALL else ("reviewer",)


def _tables(name: str, tables: Iterable[Mapping[str, object]]) -> str:
    return "\n".join(f"[[{name}]]\n{_lines(table)}" for table in tables)


def _lines(table: Mapping[str, object]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items())


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_value(held)}' for key, held in value.items())} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    # JSON writes strings, numbers and booleans just as TOML does.
    return json.dumps(value, ensure_ascii=False)
