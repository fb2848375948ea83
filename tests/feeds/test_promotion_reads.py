"""What stores hold of a promotion, asked of real servers."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
import pytest

from cockpit.config import parse
from cockpit.feeds.promotion_reads import PromotionReads
from cockpit.feeds.promotions import PromotionLook
from cockpit.provider import Backends
from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.s3 import REGION, MotoS3
from cockpit.rehearsal.serving import Service
from cockpit.release.promotion import STABLE
from tests.release.states import GREEN

_CONFIG = """
folder = "cockpit"
[release]
version = "2.15.0"
[ledger]
remote = "ledger.git"
[[repositories]]
name = "pytorch/pytorch"
role = "core"
package = "torch"
remote = "core.git"
[objectstore]
endpoint = "{}"
bucket = "pytorch"
[[mirrors]]
name = "r2"
endpoint = "{}"
bucket = "pytorch"
region = "us-east-1"
[[support.targets]]
os = "linux"
arch = "x86_64"
accelerators = ["cpu", "cu130"]
"""


FOLDERS = ("cpu", "cu130")


class Discreet(MotoS3):
    """A store that tells nobody of unfinished uploads, as one does whose key lacks that right."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer everything else."""
        if "uploads" in environ["QUERY_STRING"]:
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>not yours</Message></Error>"]
        return super().__call__(environ, start_response)


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Two stores whose buckets have the same name, with one wheel each in a folder of its own."""
    for provider in ("AWS", "R2"):
        monkeypatch.setenv(f"{provider}_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv(f"{provider}_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    services = []
    for kind, folder in zip((MotoS3, Discreet), FOLDERS, strict=True):
        store = kind(WorldClock(datetime.now(UTC)))
        services.append(Service("s3", store, io.StringIO(), store.request_handler()))
        client = boto3.client("s3", endpoint_url=services[-1].url, region_name=REGION)
        client.create_bucket(Bucket="pytorch")
        client.put_object(Bucket="pytorch", Key=wheel(folder), Body=b"wheel")
    yield [service.url for service in services]
    for service in services:
        service.stop()


def wheel(folder: str) -> str:
    return f"whl/{folder}/torch-2.15.0+{folder}-cp312-cp312-manylinux_2_28_x86_64.whl"


def backends_on(stores: list[str], folder: Path) -> Backends:
    config = parse(_CONFIG.format(*stores), folder / "release.toml")
    return Backends(config, data=folder, cache=folder, log=lambda _: None)


def test_a_mirror_whose_bucket_has_the_same_name_has_folders_of_its_own(
    stores: list[str], tmp_path: Path
) -> None:
    backends = backends_on(stores, tmp_path)
    table = backends.config.settings.objectstore
    assert table is not None
    reads = PromotionReads(backends, table)
    torch = reads.packages[0]
    staged = reads.staged(torch).selection
    held = [[file.key for file in reads.held(torch, at, staged)] for at in (STABLE, "r2")]
    assert held == [[wheel(folder)] for folder in FOLDERS]


def test_a_place_is_told_once_also_when_it_stops_answering_half_way(
    stores: list[str], tmp_path: Path
) -> None:
    found = PromotionLook(backends_on(stores, tmp_path)).look(GREEN).value
    told = [(each.at, each.release.package, bool(each.problem)) for each in found.standings]
    assert told == [
        (STABLE, "torch", False),
        (STABLE, "libtorch", False),
        ("r2", "torch", True),
        ("r2", "libtorch", True),
    ]
