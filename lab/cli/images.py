"""images: the images on this machine, with the missing ones built."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lab.activemq.advisories import AS_OF, known_holes, summary
from lab.activemq.releases import RELEASES, mixture
from lab.base.columns import columns
from lab.cli import new_files, options
from lab.cli.options import ARCHIVE, JSON, QUIET, VERSIONS, flag, option
from lab.errors import InputError
from lab.operating.runtimes import USUAL, runtime, usual

WITHOUT_IMAGES = "the runtime that MQLAB_RUNTIME names needs no images"


def images(
    activemq_version: list[str] | None = VERSIONS,
    activemq_archive: Path | None = ARCHIVE,
    save: Path | None = option(
        "--save FILE", "The file that the images are written to; its SHA-256 is written to FILE.sha256."
    ),
    load: Path | None = option("--load FILE", "The file that the images are loaded from."),
    sha256: str | None = option(
        "--sha256 HEX", "The SHA-256 of the file to load (default: the content of FILE.sha256)."
    ),
    key: bool = flag("--key", "Print a cache key for the images, and do not build them."),
    quiet: bool = QUIET,
    json: bool = JSON,
) -> None:
    """Build the missing images and list all images, or save them to a file, or load them from a file.

    Example: mqlab images --key
    """
    releases = activemq_version or []
    if sha256 is not None and (load is None or not re.fullmatch("[0-9a-fA-F]{64}", sha256)):
        raise InputError.of(
            "--sha256 must be the 64 hexadecimal digits of a file to --load", "copy them from FILE.sha256"
        )
    if activemq_archive is not None and len(releases) > 1:
        raise InputError.of(
            "--activemq-archive contains one release of ActiveMQ", "write --activemq-version at most once"
        )
    if save is not None:
        new_files.check_new(save)
        for ending in (".sha256", ".part"):  # written beside it, the second one for a while
            new_files.check_new(save.with_name(f"{save.name}{ending}"))
    with runtime(usual(os.environ), os.environ) as opened:
        progress = options.progress(quiet)
        if key:
            word = opened.image_key(progress, versions=releases, archive=activemq_archive)
            options.show({"key": word}, [word], json)
            return
        if save is not None:
            digest = opened.save_images(progress, save, versions=releases, archive=activemq_archive)
            options.show({"file": str(save), "sha256": digest}, [f"{digest}  {save}"], json)
            return
        if load is not None:
            opened.load_images(progress, load, versions=releases, archive=activemq_archive, digest=sha256)
        listed = opened.images(progress, versions=releases, archive=activemq_archive)
    if json:
        options.print_json(
            [
                {"name": each.name, "size": each.size, "created": each.created} | _mixed(each.name) | _holes(each.name)
                for each in listed
            ]
        )
        return
    if opened.name != USUAL:
        options.say(f"{WITHOUT_IMAGES}: MQLAB_RUNTIME={USUAL} mqlab images makes the images of real brokers")
        return
    rows = [(each.name, f"{each.size / 1e6:.0f} MB", each.created) for each in listed]
    for line in columns([("image", "size", "built"), *rows]):
        options.say(line)
    for each in listed:
        if mixed := mixture(each.name):
            options.say(f"{each.name} is not all of one release: {mixed}")
    options.say(f"\nas of {AS_OF} (mqlab doctor --vulnerabilities lists all):")
    named = filter(None, (_release(each.name) for each in listed))
    for release in dict.fromkeys((*RELEASES.values(), *named)):
        options.say(f"ActiveMQ {release}: {summary(release)}")


def _release(image: str) -> str | None:
    """Return the release of ActiveMQ in a broker's image; None for the other images."""
    name, _, tag = image.partition(":")
    return tag.partition("-")[0] if name.endswith("/broker") else None


def _mixed(image: str) -> dict[str, str]:
    """Return the modules of a broker's image that come from another release, if there are any."""
    return {"mixed": mixed} if (mixed := mixture(image)) else {}


def _holes(image: str) -> dict[str, list[dict[str, str]]]:
    """Return the known vulnerabilities of a broker's image; nothing for another image or an unlisted release."""
    release = _release(image)
    if release is None or not release.startswith("5."):
        return {}
    return {"holes": [{"id": each.id, "source": each.source, "closed": each.closed} for each in known_holes(release)]}
