"""The image of the project, built from its Dockerfile on a Debian that is made on the spot.

Must never be built for every run of the tests: it takes minutes, and needs debootstrap and PyPI.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.dockerd import private_dockerd
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from tests.support.dockerd import Engine

TESTS_IMAGE = bool(os.environ.get("TEST_IMAGE"))
"""Whether it was asked for, as `make test-image` and `.ci/run` do."""
IMAGE = "sockguard:latest"
BASE = "debian-made-here:bookworm"
KEPT = ROOT / "run/image-base.tar"
PACKAGES = "python3,python3-venv,ca-certificates"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""What this machine trusts; PyPI may be reached through a proxy with an authority of its own."""


def built_image(folder: Path) -> Path:
    """An archive of the image, built by an Engine of its own."""
    archive = folder / "sockguard.tar"
    with private_dockerd() as engine:
        build_image(engine)
        engine.docker("save", "--output", str(archive), IMAGE)
    return archive


def make_base() -> Path:
    """An archive of a small Debian with Python, made once."""
    if KEPT.exists():
        return KEPT
    KEPT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="base-") as name:
        made = Path(name)
        line = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", name]
        subprocess.run([*line, "http://deb.debian.org/debian"], check=True, stdout=subprocess.PIPE)
        shutil.copy(CERTIFICATES, made / "etc/ssl/certs")
        half = KEPT.with_suffix(".half")
        subprocess.run(["tar", "--directory", name, "--create", "--file", half, "."], check=True)
        half.rename(KEPT)
    return KEPT


def build_image(engine: Engine) -> None:
    """Build it with the classic builder, in the network of this machine, which leads to PyPI."""
    trusted = f"ENV PIP_CERT={CERTIFICATES}"
    engine.docker("import", "--change", trusted, str(make_base()), BASE)
    done = subprocess.run(
        ["docker", "--host", engine.host, "build", "--network=host", f"--build-arg=BASE={BASE}",
         "--build-arg=REVISION=0123abc", f"--tag={IMAGE}", str(ROOT)],
        env=os.environ | {"DOCKER_BUILDKIT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
