"""The pages that pip reads: packages of a channel and of each of its folders; section 8.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from cockpit.rehearsal.packages import BUCKET, CHECKSUM, SIDECAR, ChannelObject

CHANNELS = ("whl/test", "whl")
"""The prefixes that have pages; a longer one is a channel of its own, not a folder of the other."""
_NOT_STABLE = ("whl/test/", "whl/nightly/", "whl/preview/")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as a bucket lists it."""

    key: str
    checksum: str = ""


def listed(items: Iterable[ChannelObject]) -> list[Listed]:
    """Objects as the bucket will list them."""
    return [Listed(item.key, item.metadata.get(CHECKSUM, "")) for item in items]


def index_pages(
    items: Iterable[Listed], at: datetime, bucket: str = BUCKET
) -> Iterator[ChannelObject]:
    """The pages of every channel, as they are built from what the bucket holds."""
    held = list(items)
    wheels = [item for item in held if item.key.endswith(".whl")]
    sidecars = {item.key.removesuffix(SIDECAR): item for item in held if item.key.endswith(SIDECAR)}
    for channel in CHANNELS:
        inside = [
            item
            for item in wheels
            if item.key.startswith(f"{channel}/")
            and not (channel == "whl" and item.key.startswith(_NOT_STABLE))
        ]
        links = {item.key: _link(bucket, item, sidecars.get(item.key)) for item in inside}
        yield from _pages(channel, links, at, bucket)


def _pages(
    channel: str, files: Mapping[str, str], at: datetime, bucket: str
) -> Iterator[ChannelObject]:
    """Every page of a channel; `files` are its links by the keys of the files."""
    pages: dict[str, dict[str, list[str]]] = {}
    for key in sorted(files):
        folder, _, name = key.rpartition("/")
        package = name.partition("-")[0].replace("_", "-")
        for page in {folder, channel}:
            pages.setdefault(page, {}).setdefault(package, []).append(files[key])
    stamp = f"<!--TIMESTAMP {int(at.timestamp())}-->\n"
    for folder, packages in sorted(pages.items()):
        links = "".join(f'<a href="{name}/">{name}</a><br/>\n' for name in sorted(packages))
        text = f"<!DOCTYPE html>\n{links}{stamp}"
        yield _page(bucket, f"{folder}/index.html", text, at)
        for package, found in sorted(packages.items()):
            text = f"<!DOCTYPE html>\n<h1>Links for {package}</h1>\n{''.join(found)}{stamp}"
            yield _page(bucket, f"{folder}/{package}/index.html", text, at)


def _link(bucket: str, item: Listed, sidecar: Listed | None) -> str:
    """The bucket is part of the address, since all buckets of the world share one host."""
    name = item.key.rpartition("/")[2]
    fragment = f"#sha256={item.checksum}" if item.checksum else ""
    href = f"/{bucket}/{item.key.replace('+', '%2B')}{fragment}"
    return f'<a href="{href}"{_announced(sidecar)}>{name}</a><br/>\n'


def _announced(sidecar: Listed | None) -> str:
    """Metadata under both names that installers know it by."""
    if sidecar is None:
        return ""
    value = f"sha256={sidecar.checksum}" if sidecar.checksum else "true"
    return f' data-dist-info-metadata="{value}" data-core-metadata="{value}"'


def _page(bucket: str, key: str, text: str, at: datetime) -> ChannelObject:
    return ChannelObject(bucket, key, text.encode(), "text/html", at)
