from __future__ import annotations

import pytest

from sockguard.engine.facts import thing_of


@pytest.mark.parametrize(
    ("config", "user"),
    [({"User": "1000"}, "1000"), ({"User": ""}, ""), ({}, ""), ({"User": None}, "")],
)
def test_a_container_and_an_image_tell_their_user(config: dict[str, object], user: str) -> None:
    container = {"Id": "c" * 64, "Name": "/web", "Image": "sha256:1", "Config": config}
    assert thing_of("container", container).user == user
    assert thing_of("image", {"Id": "sha256:1", "Config": config}).user == user


@pytest.mark.parametrize(
    ("volume", "stands_for"),
    [
        ({"Driver": "local", "Options": None}, ""),
        ({"Driver": "local", "Options": {"type": "none", "o": "bind", "device": "/srv"}}, "/srv"),
        ({"Driver": "local", "Options": {"type": "nfs", "device": ":/a"}}, "nfs::/a"),
        ({"Driver": "sshfs", "Options": {}}, "driver:sshfs"),
        ({"Driver": "/srv", "Options": {}}, "driver:/srv"),
    ],
)
def test_a_volume_tells_what_it_stands_for(volume: dict[str, object], stands_for: str) -> None:
    assert thing_of("volume", {"Name": "data", **volume}).host_path == stands_for
