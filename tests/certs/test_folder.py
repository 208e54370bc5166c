from __future__ import annotations

from pathlib import Path

import pytest

from sockguard.certs.folder import default_ca_dir


@pytest.mark.parametrize(
    ("environ", "uid", "folder"),
    [
        ({"XDG_STATE_HOME": "/s"}, 0, "/var/lib/sockguard/certs"),
        ({"HOME": "/h"}, 1000, "/h/.local/state/sockguard/certs"),
        ({"HOME": "/h", "XDG_STATE_HOME": "/s"}, 1000, "/s/sockguard/certs"),
        ({"HOME": "/h", "XDG_STATE_HOME": "relative"}, 1000, "/h/.local/state/sockguard/certs"),
    ],
)
def test_the_folder_is_the_systems_for_root_else_the_users(
    environ: dict[str, str], uid: int, folder: str
) -> None:
    assert default_ca_dir(environ, uid) == Path(folder)
