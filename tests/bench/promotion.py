"""Promoting 1,000 small objects, copied and verified, against `aws s3 cp --recursive`.

    python -m tests.bench.promotion [--server seaweedfs|moto] [--runs N]

Both copy the same objects with the same include pattern on the same server, turn by turn, each in
a process of its own: bare on loopback, and with 50 ms added to every request. `aws` copies and
verifies nothing; the cockpit lists the target, copies, and compares every object with what was
planned. Before that a channel of 20,000 keys is planned from. The embedded server answers fewer
requests a second than either client asks for, so that only the real one tells them apart. The
objects carry a SHA-256 that the store computed, as S3 does of every copy; where a store has none
the cockpit reads each copy, which is not what is measured. The aws client comes from the Python
package index, into an environment that goes when the bench ends.

Ends with 1 unless the plan takes under 10 s, the copies are no slower than aws on bare loopback
and three times as fast with the delay, and no process of the cockpit grows beyond 300 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from cockpit.rehearsal.s3 import REGION, AccessKey, MotoS3, SeaweedS3

KEY = AccessKey()
BUCKET = "pytorch"
COPIED, OTHERS = 1_000, 19_000
DELAY_S = 0.05
STEM = "torch-2.15.0"
ROOT = Path(__file__).parents[2]
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": KEY.id,
    "AWS_SECRET_ACCESS_KEY": KEY.secret,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Seed(msgspec.Struct, frozen=True):
    """An object of the bench."""

    key: str
    body: bytes
    metadata: dict[str, str]
    bucket: str = BUCKET
    content_type: str = "binary/octet-stream"
    last_modified: datetime = datetime(2026, 10, 14, tzinfo=UTC)


def seeds(others: int) -> Iterator[Seed]:
    """A test channel with 1,000 wheels of the release, and so many others."""
    for number in range(COPIED):
        body = f"wheel {number}".encode()
        name = f"{STEM}+cpu-{number}-cp312-cp312-manylinux_2_28_x86_64.whl"
        told = {"checksum-sha256": hashlib.sha256(body).hexdigest()}
        yield Seed(f"whl/test/cpu/{name}", body, told)
    for number in range(others):
        name = f"torch-2.14.{number}+cpu-cp312-cp312-manylinux_2_28_x86_64.whl"
        yield Seed(f"whl/test/{('cpu', 'cu130', 'xpu')[number % 3]}/{name}", b"x", {})


def serve(kind: str) -> None:
    """Serve one store until stdin ends; its address goes to stdout.

    `moto` and `seaweedfs` hold the 1,000 that are copied alone, `moto-full` and `seaweedfs-full`
    all 20,000.
    """
    kind, _, full = kind.partition("-")
    others = OTHERS if full else 0
    if kind == "moto":
        from cockpit.rehearsal.clock import WorldClock
        from cockpit.rehearsal.serving import Service

        moto = MotoS3(WorldClock(datetime.now(UTC)))
        moto.put(seeds(others))
        url = Service("s3", moto, io.StringIO(), moto.request_handler()).url
        print(url, flush=True)
        sys.stdin.read()
        return
    with tempfile.TemporaryDirectory() as directory:
        server = SeaweedS3(Path(directory), KEY)
        server.start()
        server.put(seeds(others))
        _let_compute(server)
        print(server.url, flush=True)
        sys.stdin.read()
        server.stop()


def _let_compute(server: SeaweedS3) -> None:
    """Put the 1,000 once more with checksums that the store keeps and carries along.

    S3 computes one of every copy; this server computes none, and copies without would be read.
    """
    client = server.client(attempts=8)
    for seed in seeds(0):
        client.put_object(
            Bucket=seed.bucket,
            Key=seed.key,
            Body=seed.body,
            Metadata=seed.metadata,
            ContentType=seed.content_type,
            ChecksumAlgorithm="SHA256",
        )


@contextlib.contextmanager
def running(*words: str, bench: str = "promotion") -> Iterator[str]:
    """A process of a bench that serves; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.bench.{bench}", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the server has no pipes")
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(60)


def delay(url: str) -> None:
    """Stand before a server, and let every request wait; the address goes to stdout."""
    host, port = url.removeprefix("http://").split(":")

    async def pump(reader: Any, writer: Any, wait: float) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                await asyncio.sleep(wait)
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def accept(reader: Any, writer: Any) -> None:
        there, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(pump(reader, back, DELAY_S), pump(there, writer, 0))

    async def main() -> None:
        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        os._exit(0)

    asyncio.run(main())


def plan(url: str) -> None:
    """List, describe and select: what planning asks of the stores, from nothing."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        reads, promoted = _reads(url, Path(directory))
        selection = reads.staged(promoted).selection
        steps = _steps(reads, promoted, selection)
        fates = [placed for step in steps for placed in step.compared()]
    _tell(time.monotonic() - started, len(fates), COPIED + OTHERS)


def copy(url: str) -> None:
    """Copy and verify what was planned before the clock starts."""
    with tempfile.TemporaryDirectory() as directory:
        reads, promoted = _reads(url, Path(directory))
        selection = reads.staged(promoted).selection
        steps = _steps(reads, promoted, selection)
        started = time.monotonic()
        verified = 0
        for step in steps:
            step.apply(lambda _: None, threading.Event())
            verified += len(step.verify().parts)
    _tell(time.monotonic() - started, verified, 0)


def _tell(seconds: float, objects: int, keys: int) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"seconds": seconds, "objects": objects, "keys": keys, "megabytes": peak}
    print(json.dumps(told), flush=True)


def _reads(url: str, directory: Path) -> Any:
    from cockpit.config import parse
    from cockpit.feeds.promotion_reads import PromotionReads
    from cockpit.provider import Backends

    config = parse(_CONFIG.format(url=url, bucket=BUCKET, region=REGION), directory / "r.toml")
    (directory / "credentials.env").write_text(
        "".join(f"{name}={value}\n" for name, value in _ENVIRONMENT.items()), encoding="utf-8"
    )
    backends = Backends(config, data=directory, cache=directory, log=lambda _: None)
    table = config.settings.objectstore
    if table is None:
        raise RuntimeError("the bench's config has channels")
    reads = PromotionReads(backends, table)
    return reads, reads.packages[0]


def _steps(reads: Any, promoted: Any, selection: Any) -> Any:
    from cockpit.operations.promoting import by_folder
    from cockpit.operations.promotion_steps import CopyFiles

    store = reads.store("stable")
    return [
        CopyFiles(store, store, promoted.release, group) for group in by_folder(selection.pieces)
    ]


_CONFIG = """
credentials_file = "credentials.env"
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
endpoint = "{url}"
bucket = "{bucket}"
region = "{region}"
acl = ""
[[support.targets]]
os = "linux"
arch = "x86_64"
accelerators = ["cpu", "cu130", "xpu"]
"""


def ours(verb: str, url: str) -> dict[str, float]:
    """One measured process of the cockpit."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.promotion", verb, url],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def theirs(aws: Path, url: str, config: Path) -> float:
    """One measured run of `aws s3 cp`, without its start: that of `aws --version` is taken off."""
    environment = {**os.environ, **_ENVIRONMENT, "AWS_CONFIG_FILE": str(config)}

    def timed(*words: str) -> float:
        started = time.monotonic()
        subprocess.run([aws, *words], env=environment, check=True, capture_output=True)
        return time.monotonic() - started

    start = timed("--version")
    source, target = f"s3://{BUCKET}/whl/test/", f"s3://{BUCKET}/whl/"
    pattern = ("--exclude", "*", "--include", f"*{STEM}*")
    spent = timed("s3", "cp", source, target, "--recursive", *pattern, "--endpoint-url", url)
    return spent - start


def take_back(url: str) -> None:
    """Empty the stable channel again."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=KEY.id,
        aws_secret_access_key=KEY.secret,
        config=Config(s3={"addressing_style": "path"}),
    )
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="whl/cpu/")
    keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
    if len(keys) != COPIED:
        raise RuntimeError(f"{len(keys)} objects were copied, not {COPIED}")
    for key in keys:
        client.delete_object(Bucket=BUCKET, Key=key)


def install(directory: Path) -> Path:
    """The aws client, in an environment of its own."""
    subprocess.run([sys.executable, "-m", "venv", directory / "aws"], check=True)
    python = directory / "aws" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "awscli"], check=True)
    return directory / "aws" / "bin" / "aws"


def measure(server: str, runs: int) -> int:
    """Everything, turn by turn; gives the exit code."""
    problems = []
    with running("serve", f"{server}-full") as full:
        planned = ours("plan", full)
    print(
        f"{server}: {planned['keys']:.0f} keys, {planned['objects']:.0f} planned in"
        f" {planned['seconds']:.1f} s, {planned['megabytes']:.0f} MB"
    )
    if planned["seconds"] > 10:
        problems.append("planning takes 10 s or more")
    with tempfile.TemporaryDirectory() as directory, running("serve", server) as url:
        aws, config = install(Path(directory)), Path(directory) / "aws.config"
        config.write_text("[default]\ns3 =\n    addressing_style = path\n", encoding="utf-8")
        with running("delay", url) as slow:
            for name, where, factor in (("bare", url, 1.0), ("50 ms", slow, 3.0)):
                a, b = [], []
                for _ in range(runs):
                    a.append(ours("copy", where))
                    take_back(url)
                    b.append(theirs(aws, where, config))
                    take_back(url)
                mine, other = min(x["seconds"] for x in a), min(b)
                peak = max(x["megabytes"] for x in a)
                print(
                    f"{server}, {name}: {COPIED} copied and verified in {mine:.2f} s"
                    f" ({peak:.0f} MB); aws copied them in {other:.2f} s: {other / mine:.1f}×"
                )
                if other / mine < factor:
                    problems.append(f"{name}: not {factor:g} times as fast as aws")
                if peak > 300:
                    problems.append(f"{name}: {peak:.0f} MB")
    for problem in problems:
        print(f"FAILED {problem}")
    return 1 if problems else 0


def main() -> int:
    """Measure, or play one of the parts."""
    parts = {"serve": serve, "delay": delay, "plan": plan, "copy": copy}
    if len(sys.argv) == 3 and sys.argv[1] in parts:
        parts[sys.argv[1]](sys.argv[2])
        return 0
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--server", choices=("seaweedfs", "moto"), default="seaweedfs")
    parser.add_argument("--runs", type=int, default=2)
    arguments = parser.parse_args()
    return measure(arguments.server, arguments.runs)


if __name__ == "__main__":
    sys.exit(main())
