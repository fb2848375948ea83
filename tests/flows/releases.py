"""Helpers of the flow tests: the cockpit on a world, and what the world's repositories hold."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.config import load
from cockpit.operations.runner import StepReport
from cockpit.rehearsal.s3 import REGION, AccessKey
from cockpit.rehearsal.world import World
from cockpit.runtime import Cockpit

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def cockpit_on(world: World, *, read_only: bool = False) -> Cockpit:
    """A cockpit of its own on a world."""
    return Cockpit(load(world.config_path), read_only=read_only)


def channel(world: World) -> S3Client:
    """A client of the world's S3 server."""
    import boto3

    key = AccessKey()
    return boto3.client(
        "s3",
        endpoint_url=world.s3_url,
        region_name=REGION,
        aws_access_key_id=key.id,
        aws_secret_access_key=key.secret,
    )


def promote(world: World, package: str) -> list[str]:
    """Copy a package's wheels of every folder to the stable channel; gives the new keys."""
    store = channel(world)
    pages = store.get_paginator("list_objects_v2").paginate(Bucket="pytorch", Prefix="whl/test/")
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    wheels = [key for key in keys if f"/{package}-" in key and key.endswith(".whl")]
    for key in wheels:
        target = key.replace("/test/", "/")
        store.copy_object(
            Bucket="pytorch", Key=target, CopySource={"Bucket": "pytorch", "Key": key}
        )
    return [key.replace("/test/", "/") for key in wheels]


def refs(world: World) -> dict[str, str]:
    """Every ref of every repository of the world."""
    found = {}
    for git_dir in sorted(world.remotes.rglob("*.git")):
        listed = subprocess.run(
            ["git", "--git-dir", git_dir, "for-each-ref", "--format=%(refname) %(objectname)"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for line in listed.splitlines():
            name, sha = line.split()
            found[f"{git_dir.relative_to(world.remotes)}:{name}"] = sha
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, byte for byte."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Reports(list[StepReport]):
    """An observer that keeps what it was told."""

    def __call__(self, report: StepReport) -> None:
        self.append(report)
