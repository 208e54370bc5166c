"""Images of the demo engine: their configuration, where it comes from, and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.support.asking import ask, get, make, run

if TYPE_CHECKING:
    from tests.support.demo_engine import RunningDemo


def test_an_image_is_found_by_tag_id_prefix_and_digest(demo: RunningDemo) -> None:
    shown = get(demo, "/images/redis:7/json")
    assert shown["Config"]["Labels"] == {"org.opencontainers.image.title": "redis"}
    assert shown["RepoDigests"] == [f"redis@{shown['Id']}"]
    for reference in (
        "docker.io/library/redis:7",
        shown["Id"],
        shown["Id"].removeprefix("sha256:"),
        shown["Id"][7:19],
        f"redis@{shown['Id']}",
        f"docker.io/library/redis@{shown['Id']}",
    ):
        assert get(demo, f"/images/{reference}/json")["Id"] == shown["Id"]


@pytest.mark.parametrize(
    ("reference", "status", "says"),
    [
        ("nope", 404, "No such image: nope:latest"),
        ("docker.io/library/nope", 404, "No such image: nope:latest"),
        ("ghcr.io/a/b:1", 404, "No such image: ghcr.io/a/b:1"),
        ("0" * 64, 404, f"No such image: sha256:{'0' * 64}"),
        ("Nope", 400, "invalid reference format: repository name (Nope) must be lowercase"),
    ],
)
def test_an_image_is_not_found_in_the_engine_s_words(
    demo: RunningDemo, reference: str, status: int, says: str
) -> None:
    answer = ask(demo, "GET", f"/images/{reference}/json")
    assert (answer.status, answer.message) == (status, says)
    made = ask(demo, "POST", "/containers/create", {"Image": reference})
    assert (made.status, made.message) == (status, says)


def test_a_commit_carries_the_container_s_configuration_and_the_changes(demo: RunningDemo) -> None:
    make(demo, "committed", Labels={"x": "y"}, Env=["A=1"], Cmd=["serve", "--token", "hidden"])
    changes = "".join(
        f"&changes={quote(line)}" for line in ("LABEL zz=1", "ENV B=2", "USER nobody")
    )
    target = f"/commit?container=committed&repo=kept&tag=1&comment=why&author=me{changes}"
    assert ask(demo, "POST", target, {"Labels": {"fresh": "1"}}).status == 201
    shown = get(demo, "/images/kept:1/json")
    assert shown["Config"]["Labels"] == {"fresh": "1", "x": "y", "zz": "1"}
    assert shown["Config"]["Env"] == ["B=2", "A=1", "PATH=/usr/local/bin:/usr/bin:/bin"]
    assert (shown["Config"]["User"], shown["Comment"], shown["Author"]) == ("nobody", "why", "me")
    assert shown["RepoDigests"] == []
    first, *below = get(demo, "/images/kept:1/history")
    assert (first["CreatedBy"], first["Tags"]) == ("serve --token hidden", ["kept:1"])
    assert [step["Id"] for step in below] == ["<missing>"]
    answer = ask(demo, "POST", "/commit?container=committed&changes=RUN%20x")
    assert (answer.status, answer.message) == (400, "RUN is not a valid change command")
    assert ask(demo, "POST", "/commit?container=nobody").message == "No such container: nobody"


def test_an_import_applies_its_changes(demo: RunningDemo) -> None:
    target = "/images/create?fromSrc=-&repo=imported&tag=2&changes=LABEL%20%22a%20b=c%22"
    assert ask(demo, "POST", target).status == 200
    shown = get(demo, "/images/imported:2/json")
    assert shown["Config"]["Labels"] == {"a b": "c"}
    assert shown["Comment"] == "Imported from -"


def test_a_pull_by_digest_has_no_tag(demo: RunningDemo) -> None:
    digest = f"sha256:{'a1' * 32}"
    assert ask(demo, "POST", f"/images/create?fromImage=acme/app&tag={digest}").status == 200
    shown = get(demo, f"/images/acme/app@{digest}/json")
    assert (shown["RepoTags"], shown["RepoDigests"]) == ([], [f"acme/app@{digest}"])


def test_tags_move_and_go(demo: RunningDemo) -> None:
    redis, nginx = get(demo, "/images/redis:7/json"), get(demo, "/images/nginx:1.27/json")
    for image in ("redis:7", "nginx:1.27"):
        assert ask(demo, "POST", f"/images/{image}/tag?repo=moving&tag=1").status == 201
    assert get(demo, "/images/moving:1/json")["Id"] == nginx["Id"]
    assert "moving:1" not in get(demo, f"/images/{redis['Id']}/json")["RepoTags"]
    assert ask(demo, "DELETE", "/images/moving:1").json == [{"Untagged": "moving:1"}]


def test_an_image_in_use_or_with_several_names_stays(demo: RunningDemo) -> None:
    ask(demo, "POST", "/images/create?fromImage=used&tag=1")
    ask(demo, "POST", "/images/used:1/tag?repo=also&tag=1")
    identity = get(demo, "/images/used:1/json")["Id"]
    answer = ask(demo, "DELETE", f"/images/{identity}")
    assert answer.status == 409
    assert "image is referenced in multiple repositories" in answer.message
    container = run(demo, "uses", Image="used:1")
    answer = ask(demo, "DELETE", f"/images/{identity}?force=1")
    assert f"is being used by running container {container[:12]}" in answer.message


def test_prune_takes_what_its_filters_name(demo: RunningDemo) -> None:
    for name in ("old", "new"):
        ask(demo, "POST", f"/images/create?fromSrc=-&repo=pruned-{name}&changes=LABEL%20n={name}")
    filters = quote('{"dangling":["0"],"label":["n=old"]}')
    answer = ask(demo, "POST", f"/images/prune?filters={filters}")
    assert {"Untagged": "pruned-old:latest"} in answer.json["ImagesDeleted"]
    assert get(demo, "/images/pruned-new/json")["Config"]["Labels"] == {"n": "new"}


def test_newer_apis_leave_out_what_an_image_does_not_say(demo: RunningDemo) -> None:
    demo.engine.configure({"api_max": [1, 56]})
    try:
        assert "Hostname" in get(demo, "/v1.47/images/redis:7/json")["Config"]
        new = get(demo, "/v1.56/images/redis:7/json")
        assert "Hostname" not in new["Config"]
        assert "WorkingDir" not in new["Config"]
        assert "Parent" not in new
        target = "/images/redis:7/attestations"
        assert ask(demo, "GET", f"/v1.54{target}").status == 404
        assert "Statement" not in get(demo, f"/v1.55{target}")[0]
        (found,) = get(demo, f"/v1.56{target}?statement=1")
        assert found["Statement"]["predicateType"] == found["PredicateType"]
    finally:
        demo.engine.configure({"api_max": [1, 47]})
