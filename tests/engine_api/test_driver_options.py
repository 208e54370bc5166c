from __future__ import annotations

import pytest

from sockguard.engine.driver_options import host_path_of, paths_of


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"type": "none", "o": "bind", "device": "/srv"}, "/srv"),
        ({"type": "none", "o": "rbind,ro", "device": "/srv"}, "/srv"),
        ({"type": "", "o": "noexec,bind", "device": "/srv/../etc"}, "/srv/../etc"),
        ({"type": "tmpfs", "o": "bind", "device": "/"}, "tmpfs:/"),
        ({"type": "tmpfs", "o": "size=1m,rbind", "device": "/"}, "tmpfs:/"),
        ({"type": "tmpfs", "o": "remount", "device": "/"}, "tmpfs:/"),
        ({"type": "none", "o": "bind,shared", "device": "/srv"}, "none:/srv"),
        ({"type": "none", "o": "bind", "device": "srv"}, "none:srv"),
        ({"type": "none", "o": "Bind", "device": "/srv"}, "none:/srv"),
        ({"type": "ext4", "device": "/dev/sda1"}, "ext4:/dev/sda1"),
        ({"type": "overlay", "o": "lowerdir=/,bind", "device": "/srv"}, "overlay:/srv"),
        ({"type": "nfs", "o": "addr=10.0.0.1", "device": ":/export"}, "nfs::/export"),
        ({"type": "cifs", "device": "//host/share"}, "cifs://host/share"),
        ({"type": "proc", "device": "proc"}, "proc:proc"),
        ({"type": "/srv", "device": "x"}, "mount:x"),
        ({"device": "/srv"}, "mount:/srv"),
        ({"type": "none", "o": "bind"}, "none:"),
    ],
)
def test_only_a_bind_of_a_path_is_that_path(options: dict[str, object], path: str) -> None:
    assert host_path_of(options) == path


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"size": "10g"},
        {"type": "tmpfs", "device": "tmpfs"},
        {"type": "tmpfs", "device": "tmpfs", "o": "size=100m,uid=1000,noexec"},
        {"type": "tmpfs", "device": "/srv"},
    ],
)
def test_memory_and_a_plain_directory_are_no_paths(options: dict[str, object]) -> None:
    assert host_path_of(options) == ""


def test_every_path_in_the_options_is_found() -> None:
    options = {
        "type": "overlay",
        "device": "/a",
        "o": "lowerdir=/b:/c,upperdir=/d,workdir=/e,noexec,addr=x",
    }
    assert list(paths_of(options)) == ["/a", "/b", "/c", "/d", "/e"]
