from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from sockguard.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `server` and `client` with certificates of one authority, `other` of another."""
    folder = tmp_path_factory.mktemp("certs")
    for authority, name, *more in (
        ("ca", "server", "--server", "--dns", "localhost"),
        ("ca", "client"),
        ("other-ca", "other"),
    ):
        ca = f"--ca-dir={folder / authority}"
        if not (folder / authority).exists():
            assert main(["certs", "init", ca]) == 0
        assert main(["certs", "issue", name, ca, "--out", str(folder / name), *more]) == 0
    return folder


@pytest.fixture
def server_context(certificates: Path) -> ssl.SSLContext:
    """TLS of a receiver on localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server/cert.pem", certificates / "server/key.pem")
    return context
