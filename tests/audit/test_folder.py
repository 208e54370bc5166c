from __future__ import annotations

from pathlib import Path

import pytest

from sockguard.audit.folder import default_audit_dir


@pytest.mark.parametrize(
    ("environ", "uid", "folder"),
    [
        ({}, 0, "/var/lib/sockguard/audit"),
        ({"XDG_STATE_HOME": "/s"}, 0, "/var/lib/sockguard/audit"),
        ({"SOCKGUARD_AUDIT_DIR": "/a"}, 0, "/a"),
        ({"SOCKGUARD_AUDIT_DIR": "a", "HOME": "/home/kim"}, 1000, "a"),
        ({"SOCKGUARD_AUDIT_DIR": "", "HOME": "/h"}, 1000, "/h/.local/state/sockguard/audit"),
        ({"HOME": "/h", "XDG_STATE_HOME": "/s"}, 1000, "/s/sockguard/audit"),
        ({"HOME": "/h", "XDG_STATE_HOME": "relative"}, 1000, "/h/.local/state/sockguard/audit"),
        ({}, 1000, "/.local/state/sockguard/audit"),
    ],
)
def test_the_folder_is_the_named_one_else_the_systems_else_the_users(
    environ: dict[str, str], uid: int, folder: str
) -> None:
    assert default_audit_dir(environ, uid) == Path(folder)
