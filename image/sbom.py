"""Writes the list of what the image holds, as a CycloneDX document, while the image is built.

Must never list what it did not find installed: who looks for a fault goes by this list.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.metadata import PackageMetadata

US = "sockguard"
LICENCE_LENGTH = 60
"""Who puts the whole text of a licence where its name belongs has none."""
INSTALLED = "install ok installed"


def document(report: Mapping[str, Any], dpkg: str) -> dict[str, Any]:
    """Return the whole list: what pip installed, Python, and the packages of the base image."""
    hashes = hashes_of(report)
    ours: dict[str, Any] = {}
    libraries = []
    for one in sorted(distributions(), key=lambda found: found.name.lower()):
        component = library(one.name, one.version, one.metadata, hashes.get(normal(one.name), ""))
        if one.name == US:
            ours = {**component, "type": "application"}
        else:
            libraries.append(component)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"lifecycles": [{"phase": "build"}], "component": ours},
        "components": [*libraries, interpreter(), *debian_packages(dpkg)],
        "dependencies": [
            {"ref": ours["bom-ref"], "dependsOn": [one["bom-ref"] for one in libraries]}
        ],
    }


def hashes_of(report: Mapping[str, Any]) -> dict[str, str]:
    """Read the SHA-256 of each file that pip installed from, out of `pip install --report`."""
    return {
        normal(one["metadata"]["name"]): one["download_info"]["archive_info"]["hashes"]["sha256"]
        for one in report["install"]
    }


def normal(name: str) -> str:
    """Return the one spelling of a package's name, as PEP 503 has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def library(name: str, version: str, told: PackageMetadata, sha256: str) -> dict[str, Any]:
    """Return a Python package; the hash is of the file that was installed from, "" if unknown."""
    purl = f"pkg:pypi/{quote(normal(name))}@{quote(version)}"
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
    }
    if sha256:
        found["hashes"] = [{"alg": "SHA-256", "content": sha256}]
    if licence := licence_of(told):
        found["licenses"] = [licence]
    return found


def licence_of(told: PackageMetadata) -> dict[str, Any]:
    """Return what a package says of its licence: an SPDX expression, else a name."""
    if "License-Expression" in told:
        return {"expression": told["License-Expression"]}
    named = told["License"].strip() if "License" in told else ""
    if named and len(named) <= LICENCE_LENGTH:
        return {"license": {"name": named}}
    classes = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or () if
               one.startswith("License :: ")]  # fmt: skip
    return {"license": {"name": classes[0]}} if classes else {}


def interpreter() -> dict[str, Any]:
    """Return the Python that runs here: images of Python build it, and no package tells of it."""
    version = platform.python_version()
    return {
        "type": "application",
        "bom-ref": f"cpython@{version}",
        "name": "cpython",
        "version": version,
        "cpe": f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*",
    }


def debian_packages(status: str) -> Iterator[dict[str, Any]]:
    """Yield the packages in dpkg's status file, a paragraph of `Key: value` lines for each."""
    for paragraph in status.split("\n\n"):
        lines = (line.partition(": ") for line in paragraph.splitlines() if line[:1] != " ")
        told = {key: value for key, _, value in lines}
        if told.get("Status") == INSTALLED:
            yield debian_package(told)


def debian_package(told: Mapping[str, str]) -> dict[str, Any]:
    """Return one package of Debian."""
    name, version, arch = told["Package"], told["Version"], told["Architecture"]
    purl = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={quote(arch)}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def main() -> None:
    """Print the list on standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path, help="what `pip install --report` wrote")
    parser.add_argument("--dpkg", type=Path, default=Path("/var/lib/dpkg/status"))
    arguments = parser.parse_args()
    dpkg = arguments.dpkg.read_text("utf-8") if arguments.dpkg.exists() else ""
    report = json.loads(arguments.report.read_text("utf-8"))
    json.dump(document(report, dpkg), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
