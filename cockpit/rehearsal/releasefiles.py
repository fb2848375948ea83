"""The files of core that a release branch has to itself, as trunk has them and as a branch does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

DOCKER_FOLDER = ".ci/docker"
PIN_FILE = ".github/scripts/generate_binary_build_matrix.py"
PIN_CONSTANT = "DOCKER_IMAGE_PIN"
TRITON_WORKFLOW = ".github/workflows/build-triton-wheel.yml"
XLA_PIN = ".github/ci_commit_pins/xla.txt"
XLA_CLONE = ".ci/pytorch/common_utils.sh"
_TEMPLATES = ".github/templates"
STATE_BUCKET = "ossci-metrics"
STATE_READERS: Mapping[str, tuple[str, ...]] = {
    ".github/scripts/filter_test_configs.py": ("unstable-jobs.json", "disabled-jobs.json"),
    "tools/stats/import_test_stats.py": ("slow-tests.json", "disabled-tests-condensed.json"),
}
"""Files that read what CI knows of jobs and tests, with the objects that they read."""


def _state_reader(keys: tuple[str, ...]) -> str:
    urls = (
        f"{key.upper().replace('-', '_').replace('.', '_')} = (\n"
        f'    "https://{STATE_BUCKET}.s3.amazonaws.com/{key}"\n)\n'
        for key in keys
    )
    return '"""What CI knows, and where it is kept between two runs."""\n\n' + "".join(urls)


TRUNK_FILES: Mapping[str, str] = {
    PIN_FILE: f'''"""Which binaries are built, and in which images."""

{PIN_CONSTANT}: str | None = None


def image_tag(prefix: str) -> str:
    return f"{{prefix}}-{{{PIN_CONSTANT} or 'main'}}"
''',
    XLA_PIN: "main\n",
    XLA_CLONE: """#!/bin/bash

function clone_pytorch_xla() {
  if [[ ! -d ./xla ]]; then
    git clone --recursive --quiet https://github.com/pytorch/xla.git
  fi
}
""",
    f"{_TEMPLATES}/linux_binary_build_workflow.yml.j2": """{% import 'common.yml.j2' as common %}
jobs:
  build:
    steps:
      !{{ common.checkout(deep_clone=False, directory="pytorch") }}
""",
    f"{_TEMPLATES}/windows_binary_build_workflow.yml.j2": """{% import 'common.yml.j2' as common %}
jobs:
  build:
    steps:
      !{{ common.checkout(deep_clone=False, directory="pytorch") }}
  test:
    steps:
      !{{ common.checkout(deep_clone=False, directory="pytorch") }}
""",
    **{path: _state_reader(keys) for path, keys in STATE_READERS.items()},
}
TRITON_TRIGGER = "  push:\n    branches:\n      - main\n"
"""What starts the Triton workflow beside a tag."""


def released(files: Mapping[str, str], line: str) -> dict[str, str]:
    """What the release-only changes of a line make of core's files; only those that change."""
    changed = {XLA_PIN: f"r{line}\n"}
    for path, text in files.items():
        if path.startswith(".github/workflows/"):
            changed[path] = text.replace("@main", f"@release/{line}")
        elif path in STATE_READERS:
            changed[path] = _with_versions(text, STATE_READERS[path], line)
        elif path.startswith(_TEMPLATES):
            changed[path] = text.replace('"pytorch")', '"pytorch", checkout_pr_head=False)')
    changed[TRITON_WORKFLOW] = changed[TRITON_WORKFLOW].replace("- main", f"- release/{line}")
    changed[XLA_CLONE] = files[XLA_CLONE].replace("--quiet", f"-b r{line}")
    return changed


def _with_versions(text: str, keys: tuple[str, ...], line: str) -> str:
    for key in keys:
        version = hashlib.sha256(f"{line} {key}".encode()).hexdigest()[:32]
        text = text.replace(f"/{key}", f"/{key}?versionId={version}")
    return text


def pinned(files: Mapping[str, str]) -> dict[str, str]:
    """The file that pins the builder images, with the tree that they are built from."""
    pin = f'{PIN_CONSTANT}: str | None = "{tree_id(files, DOCKER_FOLDER)}"'
    return {PIN_FILE: files[PIN_FILE].replace(f"{PIN_CONSTANT}: str | None = None", pin)}


def tree_id(files: Mapping[str, str], folder: str) -> str:
    """git's name for the tree of a folder of regular files."""
    prefix = f"{folder}/"
    below = {path.removeprefix(prefix) for path in files if path.startswith(prefix)}
    entries: dict[str, bytes] = {}
    for name in {path.partition("/")[0] for path in below}:
        if name in below:
            entries[name] = b"100644 %b\0" % name.encode() + _object_id(
                "blob", files[prefix + name].encode()
            )
        else:
            inner = bytes.fromhex(tree_id(files, prefix + name))
            # git sorts a folder as if its name ended in a slash.
            entries[f"{name}/"] = b"40000 %b\0" % name.encode() + inner
    return _object_id("tree", b"".join(entry for _, entry in sorted(entries.items()))).hex()


def _object_id(kind: str, content: bytes) -> bytes:
    return hashlib.sha1(
        f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False
    ).digest()
