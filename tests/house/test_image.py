"""The image: what its Dockerfile says of it, and the list of its parts that building it makes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from sockguard import __version__
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
SHA256 = "4bb9a7d1c0de" * 5 + "4bb9"
REPORT = {
    "install": [
        {
            "metadata": {"name": "prometheus_client"},
            "download_info": {"archive_info": {"hashes": {"sha256": SHA256}}},
        },
    ]
}
DPKG = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10
Description: GNU C Library
 Version: of nothing

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""


def listed(folder: Path) -> dict[str, Any]:
    """The list of this environment, as the Dockerfile makes that of the image."""
    (folder / "installed.json").write_text(json.dumps(REPORT))
    (folder / "status").write_text(DPKG)
    made = subprocess.run(
        [sys.executable, ROOT / "image/sbom.py", "installed.json", "--dpkg", "status"],
        cwd=folder,
        check=True,
        capture_output=True,
    ).stdout
    found: dict[str, Any] = json.loads(made)
    return found


def test_the_list_has_what_is_installed_and_where_it_came_from(tmp_path: Path) -> None:
    told = listed(tmp_path)
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    ours = told["metadata"]["component"]
    assert (ours["name"], ours["version"], ours["type"]) == (
        "sockguard",
        __version__,
        "application",
    )
    parts = {part["name"]: part for part in told["components"]}
    assert parts["prometheus_client"]["hashes"] == [{"alg": "SHA-256", "content": SHA256}]
    assert parts["prometheus_client"]["purl"].startswith("pkg:pypi/prometheus-client@")
    assert {name for name, part in parts.items() if not part.get("version")} == set()
    assert parts["libc6"]["purl"] == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64"
    assert "gone" not in parts


def test_each_part_can_be_named_and_those_that_we_depend_on_are(tmp_path: Path) -> None:
    told = listed(tmp_path)
    names = [part["bom-ref"] for part in told["components"]]
    assert len(names) == len(set(names))
    ((ours, needs),) = [(one["ref"], one["dependsOn"]) for one in told["dependencies"]]
    assert ours == told["metadata"]["component"]["bom-ref"]
    assert set(needs) == {name for name in names if name.startswith("pkg:pypi/")}


def test_the_label_has_the_version_of_the_package() -> None:
    assert re.findall(r"^ARG VERSION=(.+)$", DOCKERFILE, re.MULTILINE) == [__version__]


def test_all_that_the_dockerfile_copies_is_let_through() -> None:
    let = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {name for line in copied for name in line.split()} <= {
        one.removeprefix("!") for one in let if one.startswith("!")
    }
