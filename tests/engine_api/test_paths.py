from __future__ import annotations

import pytest

from sockguard.engine.paths import is_reserved, lies_within, normal_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/", "/"),
        ("//", "/"),
        ("/srv", "/srv"),
        ("//srv//a/./b/", "/srv/a/b"),
        ("/srv/...", "/srv/..."),
        ("/var/run", "/run"),
        ("/var/run/docker.sock", "/run/docker.sock"),
        ("/var/runner", "/var/runner"),
        *((text, None) for text in ("", "srv", ".", "..", "./srv", "~/srv", "C:\\x", "C:/x")),
        *((text, None) for text in ("/srv/..", "/srv/../etc", "/../srv", "/a\\b", "/a\0b")),
    ],
)
def test_a_path_has_one_form_or_none(text: str, path: str | None) -> None:
    assert normal_path(text) == path


def test_a_path_lies_within_a_folder_at_the_border_of_a_component() -> None:
    assert lies_within("/srv", "/srv")
    assert lies_within("/srv/a", "/srv")
    assert lies_within("/srv", "/")
    assert not lies_within("/srvx", "/srv")
    assert not lies_within("/", "/srv")


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/proc", "/proc/1/root", "/sys/fs", "/dev/sda", "/etc/passwd", "/root/.ssh", "/run"),
        *("/run/docker.sock", "/boot", "/usr/bin", "/var", "/var/lib", "/var/lib/docker/volumes"),
        *("/var/spool/cron", "/opt", "/opt/cni/bin", "/var/lib/kubelet", "/run/containerd"),
    ],
)
def test_what_leads_to_root_is_reserved_with_all_above_and_below(path: str) -> None:
    assert is_reserved(path)


@pytest.mark.parametrize("path", ["/srv", "/home/me", "/opt/app", "/var/lib/app", "/mnt", "/tmp"])
def test_other_places_are_not_reserved(path: str) -> None:
    assert not is_reserved(path)


@pytest.mark.parametrize("path", ["/srv", "/srv/guard", "/srv/guard/log", "/x/run/s.sock"])
def test_the_sockets_and_files_of_the_engine_and_sockguard_are_reserved(path: str) -> None:
    assert is_reserved(path, frozenset({"/srv//guard/", "/x/run", "relative"}))
    assert not is_reserved("/srv/guards", frozenset({"/srv/guard"}))


def test_a_path_of_very_many_names_is_looked_at_no_deeper_than_reserved_ones_are() -> None:
    assert is_reserved("/etc" + "/a" * 100_000)
    assert not is_reserved("/srv" + "/a" * 100_000)
