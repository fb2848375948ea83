"""Files of gigabytes: copied within a store, streamed to a mirror, killed on the way, and resumed.

    python -m tests.bench.streams [--sizes 5.5,4.3,4.3,4.3] [--copied 2] [--killed-at 0.3]

The sizes are gigabytes (1e9 bytes), and the disk needs their sum twice, and the copied ones once
more: 47 GB as it stands, in the folder for temporary files. `--sizes 0.2,0.1` is over in a moment
and shows that the bench works. The first so many files lie in the test channel and are copied to
the stable one, in parts above 5 GB; the others lie in the stable channel. All of them are then
streamed to a second bucket of the same server, the real one, by a process that is killed with -9
when so much of them has arrived, and by another that finishes.

Ends with 1 unless every file of the mirror has the checksum of what was written in the beginning,
the kill left uploads in parts that the second process threw away, and no process of the cockpit
grew beyond 300 MB.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.backends.objectstore_writes import WritableStore
from cockpit.config_places import ObjectStoreTable
from cockpit.operations.plan import Progress, StepState
from cockpit.operations.promotion_steps import CopyFiles, MirrorFiles, PlaceFiles
from cockpit.rehearsal.s3 import REGION, AccessKey, SeaweedS3
from cockpit.release.promotion import PromotionRules, Release, select
from tests.bench.promotion import running

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

KEY = AccessKey()
CHANNEL, MIRROR = "pytorch", "pytorch-downloads"
TORCH = Release("torch", "2.15.0")
PART = 64 * 1024**2
ROOT = Path(__file__).parents[2]
MOST_MB = 300


class LargeSeaweed(SeaweedS3):
    """The server with room for a hundred volumes of a gigabyte."""

    def _options(self, ports: list[int], identities: Path) -> list[str]:
        options = super()._options(ports, identities)
        return [
            "-master.volumeSizeLimitMB=1024" if "volumeSizeLimit" in option else option
            for option in options
        ]


def serve() -> None:
    """Serve the store until stdin ends; its address goes to stdout."""
    with tempfile.TemporaryDirectory() as directory:
        server = LargeSeaweed(Path(directory), KEY)
        server.start()
        print(server.url, flush=True)
        sys.stdin.read()
        server.stop()


def name_of(number: int) -> str:
    """The name of a file."""
    return f"torch-2.15.0+cpu-cp3{number}-cp3{number}-manylinux_2_28_x86_64.whl"


def sow(url: str, prefix: str, number: int, size: int, noise: bytes) -> None:
    """Put a file part by part, with its checksum beside it; no two parts are alike."""
    client = WritableStoreOf(url, CHANNEL).client
    key = f"{prefix}/cpu/{name_of(number)}"

    def parts() -> Iterator[bytes]:
        for start in range(0, size, PART):
            mark = f"{number} {start:>20}".encode()
            yield (mark + noise)[: min(PART, size - start)]

    whole = hashlib.sha256()
    for body in parts():
        whole.update(body)
    told = {"checksum-sha256": whole.hexdigest()}
    upload = client.create_multipart_upload(Bucket=CHANNEL, Key=key, Metadata=told)["UploadId"]
    made: list[CompletedPartTypeDef] = []
    for count, body in enumerate(parts(), 1):
        sent = client.upload_part(
            Bucket=CHANNEL, Key=key, UploadId=upload, PartNumber=count, Body=body
        )
        made.append({"PartNumber": count, "ETag": sent["ETag"]})
    client.complete_multipart_upload(
        Bucket=CHANNEL, Key=key, UploadId=upload, MultipartUpload={"Parts": made}
    )


class WritableStoreOf(WritableStore):
    """A bucket of the server, and a plain client of it."""

    def __init__(self, url: str, bucket: str) -> None:
        table = ObjectStoreTable(bucket=bucket, endpoint=url, region=REGION, acl="")
        keys = {"AWS_ACCESS_KEY_ID": KEY.id, "AWS_SECRET_ACCESS_KEY": KEY.secret}
        super().__init__(table, keys)
        self.client = self._session(self.read_s)[1]


def step_of(verb: str, url: str) -> PlaceFiles:
    """The step that copies what is in the test channel, or streams what is in the stable one."""
    channel, mirror = WritableStoreOf(url, CHANNEL), WritableStoreOf(url, MIRROR)
    source = "whl/test" if verb == "copy" else "whl"
    found = [channel.describe(item.key) for item in channel.list_objects(f"{source}/cpu/")]
    there = [stored for stored in found if stored is not None]
    pieces = select(TORCH, there, (source, "whl"), PromotionRules()).pieces
    if verb == "copy":
        return CopyFiles(channel, channel, TORCH, pieces)
    return MirrorFiles(channel, mirror, "mirror", TORCH, pieces)


def carry(verb: str, url: str) -> None:
    """Carry the step out, telling a line of how far it is, and one of how it went."""
    step, started = step_of(verb, url), time.monotonic()
    told = 0

    def report(progress: Progress) -> None:
        nonlocal told
        if progress.total and progress.done * 100 // progress.total > told:
            told = progress.done * 100 // progress.total
            print(told, flush=True)

    moved = sum(placed.piece.source.size for placed in step.compared() if placed.found is None)
    step.apply(report, threading.Event())
    spent = time.monotonic() - started
    verdict = step.verify()
    result = {
        "done": verdict.state is StepState.DONE,
        "rate": moved / spent / 1e6,
        "seconds": spent,
        "verified": time.monotonic() - started - spent,
        "megabytes": peak_of("self"),
    }
    print(json.dumps(result), flush=True)


def peak_of(process: str) -> float:
    """The most memory a process has held, in MB; its own, and not that of who started it."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024


def measured(verb: str, url: str) -> dict[str, float]:
    """One process of the cockpit that lives to its end."""
    words = [sys.executable, "-m", "tests.bench.streams", verb, url]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{verb}: {found['seconds']:.0f} s, {found['rate']:.0f} MB/s, then verified in"
        f" {found['verified']:.0f} s; {found['megabytes']:.0f} MB of memory",
        flush=True,
    )
    return found


def killed(url: str, share: float) -> float:
    """A process that streams, and is killed when so much has arrived; gives its peak in MB."""
    words = [sys.executable, "-m", "tests.bench.streams", "mirror", url]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        if process.stdout is None:
            raise RuntimeError("the process has no pipe")
        for line in process.stdout:
            if int(line) >= share * 100:
                break
        peak = peak_of(str(process.pid))
        process.send_signal(signal.SIGKILL)
    return peak


def wrong(url: str) -> list[str]:
    """Files of the mirror that have not the checksum that was written in the beginning."""
    channel, mirror = WritableStoreOf(url, CHANNEL), WritableStoreOf(url, MIRROR)
    there = {stored.key: stored for stored in mirror.list_objects("whl/")}
    found = []
    for stored in channel.list_objects("whl/cpu/"):
        told = channel.describe(stored.key)
        copy = there.get(stored.key)
        if told is None or copy is None or mirror.sha256_of(copy, lambda _: None) != told.sha256:
            found.append(stored.key)
    return found


def measure(sizes: Sequence[int], copied: int, share: float) -> int:
    """Everything, one after the other; gives the exit code."""
    problems, noise = [], os.urandom(PART)
    with running("serve", bench="streams") as url:
        client = WritableStoreOf(url, CHANNEL).client
        for bucket in (CHANNEL, MIRROR):
            client.create_bucket(Bucket=bucket)
        for number, size in enumerate(sizes, 10):
            sow(url, "whl/test" if number - 10 < copied else "whl", number, size, noise)
        print(f"{len(sizes)} files, {sum(sizes) / 1e9:.1f} GB", flush=True)
        results = [measured("copy", url)] if copied else []
        peak = killed(url, share)
        left = partial(WritableStoreOf(url, MIRROR).unfinished_uploads, "whl/")
        orphans = left()
        print(f"killed with {peak:.0f} MB of memory; {len(orphans)} uploads in parts left")
        results.append(measured("mirror", url))
        if not orphans:
            problems.append("the kill came at no upload in parts")
        if left():
            problems.append("uploads in parts are left in the end")
        problems += [f"{key} has another checksum in the mirror" for key in wrong(url)]
        problems += [f"{result} did not verify" for result in results if not result["done"]]
        highest = max(peak, *(result["megabytes"] for result in results))
        if highest > MOST_MB:
            problems.append(f"{highest:.0f} MB of memory")
    for problem in problems:
        print(f"FAILED {problem}")
    return 1 if problems else 0


def main() -> int:
    """Measure, or play one of the parts."""
    if sys.argv[1:] == ["serve"]:
        serve()
        return 0
    if len(sys.argv) == 3 and sys.argv[1] in ("copy", "mirror"):
        carry(sys.argv[1], sys.argv[2])
        return 0
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default="5.5,4.3,4.3,4.3")
    parser.add_argument("--copied", type=int, default=2)
    parser.add_argument("--killed-at", type=float, default=0.3)
    arguments = parser.parse_args()
    sizes = [int(float(size) * 1e9) for size in arguments.sizes.split(",")]
    return measure(sizes, arguments.copied, arguments.killed_at)


if __name__ == "__main__":
    sys.exit(main())
