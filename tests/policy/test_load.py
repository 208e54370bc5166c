from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from sockguard.policy.load import (
    MAX_FILE,
    PolicyError,
    load_policy,
    load_text,
    shipped_folder,
)
from tests.support.policies import complaints_about, policy_of

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.policy.model import Policy

ALLOW = "version: 1\nallow: [system/hello]\n"


def load(path: Path) -> Policy:
    return load_policy(str(path), shipped=shipped_folder())


def fault(path: Path) -> str:
    with pytest.raises(PolicyError) as caught:
        load(path)
    return str(caught.value).replace(str(path), "PATH")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("allow: &a [system/hello]", "2: anchors (&a) are not allowed"),
        ("allow: *a", "2: aliases (*a) are not allowed: write it out"),
        ("allow: !!set {}", "2: tags (tag:yaml.org,2002:set) are not allowed"),
        ("allow: !x []", "2: tags (!x) are not allowed"),
        ("<<: {}", "2: merge keys (<<) are not allowed: write it out"),
        ("1: 2", "2: a key must be text, not a number; quote it"),
        ("? [a]\n: b", "2: a key must be text, not a list; quote it"),
        (
            "allow: []\nallow: []",
            "3: the key 'allow' stands here twice (first in line 2)",
        ),
        ("allow: []\n---\nallow: []", "3: a file holds one document: there is a second"),
        ("allow: [", "2: is not YAML: "),
        ("allow:\n\t- system/hello", "3: YAML takes no tabs for indentation: use spaces"),
        ("allow:\n  - a\n\t- b", "4: YAML takes no tabs for indentation: use spaces"),
        ("clients:\n  web:\n\tallow: []", "4: YAML takes no tabs for indentation: use spaces"),
        ("allow:\n    - a\n  - b", "4: is not YAML: expected <block end>, but found '<block"),
        ("allow:\n  - a: b: c", "3: is not YAML: mapping values are not allowed here: mind the"),
        ("allow: " + "[" * 40 + "]" * 40, "2: is nested more than 32 levels deep"),
        ('allow: ["\\ud800"]', "2: holds half of a surrogate pair"),
        ("allow: []\n# \x00", "3: U+0000 is no character of YAML"),
        ("allow: []\n#\u2028allow: []", "3: U+2028 begins a new line for YAML"),
    ],
)
def test_yaml_with_more_than_one_reading_is_refused_with_its_line(
    text: str, complaint: str
) -> None:
    assert complaints_about(text)[0].startswith(complaint)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"version: 1\nallow: [\xff]\n")
    assert fault(path) == "PATH:2: is not UTF-8 text"


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029", "\r"])
def test_a_comment_never_becomes_policy(end: str) -> None:
    item = "allow:\n  - system/hello\n  # a note"
    (complaint,) = complaints_about(f"{item}{end}  - engine/everything\n")
    assert complaint.startswith("4: ")


def test_lines_may_end_as_on_windows() -> None:
    policy = load_text("version: 1\r\nallow:\r\n  - containers.list # note\r\n")
    (grant,) = policy.clients["main"].role.grants["containers.list"]
    assert grant.source.line == 3


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n...\n", "[]", "text", "version: 1"])
def test_a_file_without_a_policy_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    assert fault(path)


def test_every_fault_of_a_policy_is_told_at_once() -> None:
    complaints = complaints_about("alow: []\nallow: [containers.lst, containers/reed]\nroles: 5")
    assert [line.partition(":")[0] for line in complaints] == ["2", "3", "3", "4"]
    assert "did you mean allow?" in complaints[0]


def test_a_folder_is_the_union_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1\nclients: {web: {role: reader}}\n")
    (tmp_path / "b.yml").write_text("version: 1\nroles: {reader: {allow: [system/hello]}}\n")
    (tmp_path / ".hidden.yaml").write_text("not: [a policy")
    (tmp_path / "notes.txt").write_text("not a policy")
    policy = load(tmp_path)
    assert policy.clients["web"].role.name == "reader"
    assert policy.clients["web"].role.source.file == str(tmp_path / "b.yml")


def test_names_defined_in_two_files_are_an_error(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("version: 1\nclients: {web: {allow: []}}\n")
    assert (
        fault(tmp_path)
        == "PATH/b.yaml:2: the client 'web' is defined twice ("
        + str(tmp_path / "a.yaml").replace(str(tmp_path), "PATH")
        + ":2)"
    )


def test_roles_defined_in_two_files_are_an_error(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("version: 1\nroles: {reader: {allow: []}}\n")
    assert "PATH/b.yaml:2: the role 'reader' is defined twice" in fault(tmp_path)


def test_two_top_level_allows_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ALLOW)
    (tmp_path / "b.yaml").write_text(ALLOW)
    assert "there is a top-level allow in PATH/a.yaml:2" in fault(tmp_path)


def test_expectations_of_all_files_run(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ALLOW)
    (tmp_path / "b.yaml").write_text(
        "version: 1\nexpect:\n  - {as: main, do: GET /info, then: allow}\n"
    )
    assert fault(tmp_path).startswith("PATH/b.yaml:3: expected allow of GET /info by 'main', got")


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_large(path: Path) -> None:
    path.write_bytes(b"#" * (MAX_FILE + 1))


def make_folder_of_nothing(path: Path) -> None:
    path.mkdir()


def make_folder_of_folders(path: Path) -> None:
    (path / "a.yaml").mkdir(parents=True)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def make_nothing(_: Path) -> None: ...


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (make_fifo, "PATH: is not a regular file"),
        (make_loop, "PATH: cannot be read: Too many levels of symbolic links"),
        (make_large, "PATH: is larger than 1 MiB"),
        (make_folder_of_nothing, "PATH: the folder holds no .yaml file"),
        (make_folder_of_folders, "PATH/a.yaml: is not a regular file"),
        (make_socket, "PATH: cannot be read: No such device or address"),
        (make_nothing, "PATH: cannot be read: No such file or directory"),
    ],
)
def test_what_is_no_regular_file_is_an_error_and_blocks_nobody(
    make: object, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "policy.yaml"
    make(path)  # type: ignore[operator]
    assert fault(path) == complaint


def test_the_hash_covers_names_and_bytes_but_not_the_folder(tmp_path: Path) -> None:
    hashes = []
    for folder, name, text in (
        ("one", "a.yaml", ALLOW),
        ("two", "a.yaml", ALLOW),
        ("two", "a.yaml", ALLOW + "# more\n"),
        ("two", "b.yaml", ALLOW),
    ):
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        hashes.append(load(path).sha256)
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3
    assert len(hashes[0]) == 64


def test_a_shipped_role_is_served_on_the_main_listener() -> None:
    policy = load_policy("read-only", shipped=shipped_folder())
    assert list(policy.clients) == ["main"]
    assert policy.clients["main"].socket is None
    assert policy.clients["main"].role.name == "main"
    assert policy.uses_main
    assert str(policy.clients["main"].role.grants["system.info"][0].source).startswith(
        "shipped/read-only.yaml:"
    )


def test_a_shipped_role_has_one_meaning_with_its_prefix_and_without() -> None:
    names = ("traefik", "shipped/traefik")
    short, long = (load_policy(name, shipped=shipped_folder()) for name in names)
    assert short.sha256 == long.sha256
    assert list(short.clients) == list(long.clients) == ["main"]
    assert short.clients["main"].role.grants.keys() == long.clients["main"].role.grants.keys()
    assert short.clients["main"].role.describe() == "role main, from shipped/traefik"


@pytest.mark.parametrize("name", ["", "shipped/", "shipped/nothing"])
def test_what_names_no_shipped_role_is_told_which_there_are(name: str) -> None:
    with pytest.raises(PolicyError, match=r"no shipped role .* there are acme-companion, "):
        load_policy(name, shipped=shipped_folder())


def test_a_path_below_a_folder_called_shipped_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "traefik").write_text(ALLOW)
    policy = load(tmp_path / "shipped" / "traefik")
    assert not policy.clients["main"].role.origin


def test_an_unknown_shipped_role_names_its_nearest_and_the_way_to_a_file() -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy("readonly", shipped=shipped_folder())
    assert "did you mean read-only?" in str(caught.value)
    assert "./readonly" in str(caught.value)


def test_a_policy_of_roles_alone_can_be_checked_but_not_served(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\nroles: {reader: {allow: [system/hello]}}\n")
    assert "add `allow`" in fault(path)
    assert "or `clients`" in fault(path)
    load_policy(str(path), shipped=shipped_folder(), serving=False)


def test_a_policy_that_does_not_load_leaves_nothing_behind() -> None:
    with pytest.raises(PolicyError):
        load_text("version: 1\nallow: [system/hello]\nroles: {a: {allow: [nothing.real]}}\n")


def test_expectations_are_a_part_of_loading() -> None:
    policy = policy_of(
        """
        allow: [system/hello]
        expect:
          - {as: main, do: GET /_ping, then: allow}
        """
    )
    assert len(policy.expectations) == 1
