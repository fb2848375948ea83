"""The package index, over a real socket, by requests, pip's parser and the real twine."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.index import Limits, PackageIndex, create_app
from cockpit.rehearsal.serving import Service
from tests.rehearsal.wheels import write_wheel

TOKEN = "a-token"
EPOCH = datetime(2026, 10, 14, 14, tzinfo=UTC)


@pytest.fixture
def index(tmp_path: Path) -> PackageIndex:
    return PackageIndex(tmp_path / "index", WorldClock(EPOCH), frozenset({TOKEN}))


@pytest.fixture
def url(index: PackageIndex) -> Iterator[str]:
    errors = io.StringIO()
    service = Service("index", create_app(index), errors)
    yield service.url
    service.stop()
    assert not errors.getvalue()


def upload(url: str, wheel: Path, *, token: str = TOKEN, **fields: str) -> requests.Response:
    """Post the upload form as twine does, with fields replaced."""
    project, version = wheel.name.split("-")[:2]
    body = wheel.read_bytes()
    form = {
        ":action": "file_upload",
        "protocol_version": "1",
        "name": project,
        "version": version,
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "requires_python": ">=3.10",
        "sha256_digest": hashlib.sha256(body).hexdigest(),
    }
    return requests.post(
        f"{url}/legacy/",
        data=form | fields,
        files={"content": (wheel.name, body)},
        auth=("__token__", token),
        timeout=10,
    )


@pytest.fixture
def twine(url: str, tmp_path: Path) -> Callable[[Path], subprocess.CompletedProcess[str]]:
    """Runs the real twine against the index."""

    def run(wheel: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "twine", "upload", "--repository-url", f"{url}/legacy/", wheel],
            capture_output=True,
            text=True,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "COLUMNS": "500",
                "NO_COLOR": "1",
                "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
                "TWINE_NON_INTERACTIVE": "1",
                "TWINE_USERNAME": "__token__",
                "TWINE_PASSWORD": TOKEN,
            },
        )

    return run


def test_twine_uploads_once_and_never_again(
    twine: Callable[[Path], subprocess.CompletedProcess[str]], url: str, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, "torch", "2.15.0")
    first = twine(wheel)
    assert first.returncode == 0, first.stdout + first.stderr

    page = requests.get(f"{url}/simple/torch/", timeout=10).text
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert f"/files/{wheel.name}#sha256={digest}" in page
    assert requests.get(f"{url}/files/{wheel.name}", timeout=10).content == wheel.read_bytes()

    again = twine(wheel)
    assert again.returncode == 1
    assert "File already exists" in again.stdout + again.stderr


def test_a_name_stays_used_after_its_file_is_deleted(
    url: str, index: PackageIndex, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, "torch", "2.15.0")
    assert upload(url, wheel).status_code == 200
    index.delete(wheel.name)
    assert requests.get(f"{url}/simple/torch/", timeout=10).status_code == 404

    refused = upload(url, wheel)
    assert refused.status_code == 400
    assert "File already exists" in refused.reason


def test_the_same_name_with_other_bytes_is_refused_and_the_first_file_stays(
    url: str, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path, "torch", "2.15.0")
    original = wheel.read_bytes()
    assert upload(url, wheel).status_code == 200
    changed = write_wheel(tmp_path, "torch", "2.15.0", content="changed")
    refused = upload(url, changed)
    assert refused.status_code == 400
    assert "File already exists" in refused.text
    assert requests.get(f"{url}/files/{wheel.name}", timeout=10).content == original


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"sha256_digest": "0" * 64}, "digest supplied does not match"),
        ({"md5_digest": "0" * 32}, "digest supplied does not match"),
        ({"blake2_256_digest": "0" * 64}, "digest supplied does not match"),
        ({"version": "2.16.0"}, "does not belong to"),
        ({"name": "vision"}, "does not belong to"),
        ({"version": "two"}, "Invalid version"),
        ({":action": "submit"}, "does not have a file"),
    ],
)
def test_an_upload_that_contradicts_itself_is_refused(
    url: str, index: PackageIndex, tmp_path: Path, fields: dict[str, str], words: str
) -> None:
    refused = upload(url, write_wheel(tmp_path, "torch", "2.15.0"), **fields)
    assert refused.status_code == 400
    assert words in refused.reason
    assert index.files() == []


def test_a_local_version_is_refused(url: str, tmp_path: Path) -> None:
    refused = upload(url, write_wheel(tmp_path, "torch", "2.15.0+cu130"))
    assert refused.status_code == 400
    assert "local versions" in refused.reason


def test_a_name_that_leads_out_of_the_folder_is_refused(
    url: str, index: PackageIndex, tmp_path: Path
) -> None:
    refused = requests.post(
        f"{url}/legacy/",
        data={":action": "file_upload", "name": "../../torch", "version": "1.0"},
        files={"content": ("../../torch-1.0.tar.gz", b"out")},
        auth=("__token__", TOKEN),
        timeout=10,
    )
    assert refused.status_code == 400
    assert not list(tmp_path.rglob("*.tar.gz"))
    assert index.files() == []


def test_only_the_token_may_upload(url: str, index: PackageIndex, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "torch", "2.15.0")
    refused = upload(url, wheel, token="another")
    assert refused.status_code == 403
    assert "Invalid or non-existent authentication" in refused.reason
    assert requests.post(f"{url}/legacy/", timeout=10).status_code == 403
    assert index.files() == []


def test_limits_of_a_file_and_of_a_project(url: str, index: PackageIndex, tmp_path: Path) -> None:
    first = write_wheel(tmp_path, "torch", "2.15.0")
    second = write_wheel(tmp_path, "torch", "2.15.1")
    size = first.stat().st_size

    index.limits = Limits(file=size - 1)
    assert "File too large" in upload(url, first).reason
    index.limits = Limits(file=size, project=2 * size - 1)
    assert upload(url, first).status_code == 200
    assert "Project size too large" in upload(url, second).reason
    index.limits = Limits(file=size, project=2 * size)
    assert upload(url, second).status_code == 200


def test_simple_pages_in_html_and_json(url: str, index: PackageIndex, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "torch", "2.15.0")
    upload(url, wheel)
    index.yank(wheel.name, "broken on <macOS>")
    as_json = {"Accept": "application/vnd.pypi.simple.v1+json"}

    root = requests.get(f"{url}/simple/", headers=as_json, timeout=10)
    assert root.headers["Content-Type"] == as_json["Accept"]
    assert root.json()["projects"] == [{"name": "torch"}]

    files = requests.get(f"{url}/simple/Torch/", headers=as_json, timeout=10).json()["files"]
    assert [f["filename"] for f in files] == [wheel.name]
    assert files[0]["yanked"] == "broken on <macOS>"
    assert files[0]["size"] == wheel.stat().st_size
    assert requests.get(files[0]["url"], timeout=10).content == wheel.read_bytes()

    page = requests.get(f"{url}/simple/torch/", headers={"Accept": "text/html"}, timeout=10)
    assert page.headers["Content-Type"].startswith("text/html")
    assert 'data-requires-python="&gt;=3.10"' in page.text
    assert 'data-yanked="broken on &lt;macOS&gt;"' in page.text


def test_the_json_of_a_project_names_its_newest_version_by_number(url: str, tmp_path: Path) -> None:
    for version in ("2.9.0", "2.15.0", "2.14.0"):
        assert upload(url, write_wheel(tmp_path, "torch", version)).status_code == 200
    project = requests.get(f"{url}/pypi/torch/json", timeout=10).json()
    assert project["info"]["version"] == "2.15.0"
    assert set(project["releases"]) == {"2.9.0", "2.14.0", "2.15.0"}
    assert project["urls"][0]["upload_time_iso_8601"].startswith("2026-10-14T14:0")

    older = requests.get(f"{url}/pypi/torch/2.9.0/json", timeout=10).json()
    assert [f["filename"] for f in older["urls"]] == ["torch-2.9.0-py3-none-any.whl"]
    assert requests.get(f"{url}/pypi/torch/2.1/json", timeout=10).status_code == 404
    assert requests.get(f"{url}/pypi/nothing/json", timeout=10).status_code == 404
