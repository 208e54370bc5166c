"""What the documents say about the project is so: links, paths, commands, layers, compose files.

That the policies they show load is held by test_examples_load.py.
"""

from __future__ import annotations

import argparse
import re
import shlex
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sockguard.cli.main import build_parser
from tests.house.test_layers import RANKS
from tests.support.tree import ROOT, name_of

if TYPE_CHECKING:
    from pathlib import Path

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
COMMAND = re.compile(r"(?:^|\$ |\| |exec sockguard )sockguard ([^#|>]+)")
MAKE = re.compile(r"\bmake ([a-z-]+)")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
PARTS = re.compile(r"^\| \d \| ([^|]+) \|", re.MULTILINE)
FOLDERS = ("sockguard/", "policies/", "demo/", "tests/", "bench/", "docs/", "examples/")

ENGINE_SOCKET = "/var/run/docker.sock"
SOCKETS = "/run/sockguard"


def pages() -> list[Path]:
    return sorted(
        page for glob in ("*.md", "docs/**/*.md", "examples/**/*.md") for page in ROOT.glob(glob)
    )


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def fenced(page: Path, *kinds: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [content for kind, content in FENCE.findall(text) if kind in kinds]


def slug(heading: str) -> str:
    """The anchor that a heading gets where Markdown is shown."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_link_leads_somewhere(page: Path) -> None:
    lost = []
    for link in LINK.findall(prose(page)):
        path, _, anchor = link.partition("#")
        if re.match(r"https?:|mailto:", path):
            continue
        target = (page.parent / path).resolve() if path else page
        found = target.exists() and target.is_relative_to(ROOT)
        if not found or (anchor and anchor not in map(slug, HEADING.findall(prose(target)))):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_path_that_is_named_exists(page: Path) -> None:
    named = {span for span in SPAN.findall(prose(page)) if re.fullmatch(r"[\w./-]+", span)}
    assert {n for n in named if n.startswith(FOLDERS) and not (ROOT / n).exists()} == set()


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_make_target_that_is_named_exists(page: Path) -> None:
    texts = [*SPAN.findall(prose(page)), *fenced(page, "sh", "console")]
    named = {target for text in texts for target in MAKE.findall(text)}
    assert named <= set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))


def verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands that a parser knows, by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def unknown_word(line: str) -> str:
    """The first verb or flag in a command line of ours that the command does not have."""
    parser = build_parser()
    for word in line.split():
        if word.startswith("--"):
            if word.partition("=")[0] not in parser._option_string_actions:
                return word
        elif known := verbs(parser):
            if word not in known:
                return word
            parser = known[word]
    return ""


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_command_that_is_named_exists(page: Path) -> None:
    named = [span for span in SPAN.findall(prose(page)) if span.startswith("sockguard ")]
    lines = [span.removeprefix("sockguard ") for span in named]
    assert [(line, word) for line in lines if (word := unknown_word(line))] == []


def shown_commands() -> list[tuple[str, str]]:
    """Each command line of ours in the blocks of a page, with the page."""
    return [
        (name_of(page), found[1].strip())
        for page in pages()
        for block in fenced(page, "sh", "console")
        for line in block.splitlines()
        if (found := COMMAND.search(line))
    ]


@pytest.mark.parametrize(("page", "line"), shown_commands())
def test_a_command_that_is_shown_is_complete(page: str, line: str) -> None:
    assert page
    parsed = build_parser().parse_args(shlex.split(line))
    assert parsed.run


def test_commands_are_shown() -> None:
    assert {page for page, _ in shown_commands()} >= {"README.md", "docs/quickstart.md"}


@pytest.mark.parametrize("name", ["README.md", "docs/quickstart.md"])
def test_a_stranger_sees_a_policy_early(name: str) -> None:
    assert any(block.startswith("version: 1\n") for block in fenced(ROOT / name, "yaml"))


def test_the_table_of_layers_is_the_one_that_is_held() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = [set(SPAN.findall(parts)) for parts in PARTS.findall(contributing)]
    assert tuple(told) == RANKS


@pytest.mark.parametrize(
    "part", ["engine", "policy", "compat", "history", "proxy", "audit", "export", "review", "certs"]
)
def test_each_module_of_the_large_parts_stands_in_the_map(part: str) -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, section = contributing.partition(f"**`sockguard/{part}/`**")
    mapped = re.findall(r"`([a-z_*]+\.py)`", re.split(r"\n\*\*`|\n###", section)[0])
    modules = {path.name for path in (ROOT / "sockguard" / part).glob("*.py")} - {"__init__.py"}
    assert {one for one in modules if not any(fnmatch(one, name) for name in mapped)} == set()
    assert {name for name in mapped if not any(fnmatch(one, name) for one in modules)} == set()


# --- compose files ----------------------------------------------------------------------------


def compose_in(name: str) -> dict[str, Any]:
    """The compose file that a page shows, or is."""
    path = ROOT / name
    shown = [block for block in fenced(path, "yaml") if block.startswith("services:\n")]
    texts = shown if path.suffix == ".md" else [path.read_text(encoding="utf-8")]
    assert len(texts) == 1
    compose: dict[str, Any] = yaml.safe_load(texts[0])
    return compose


COMPOSE = ("README.md", "docs/quickstart.md", "compose.yaml")


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Where a service has what: sources by the place at which they are mounted."""
    pairs = (volume.split(":") for volume in service.get("volumes", []))
    return {target: source for source, target, *_ in pairs}


@pytest.mark.parametrize("name", COMPOSE)
def test_the_engines_socket_is_mounted_into_sockguard_alone(name: str) -> None:
    services = compose_in(name)["services"]
    assert mounts(services["sockguard"])[ENGINE_SOCKET] == ENGINE_SOCKET
    named = [key for key, service in services.items() if "docker.sock:" in str(service)]
    held = [key for key, one in services.items() if ENGINE_SOCKET in mounts(one).values()]
    assert named == held == ["sockguard"]


@pytest.mark.parametrize("name", COMPOSE)
def test_each_consumer_mounts_the_folder_of_one_client(name: str) -> None:
    services = compose_in(name)["services"]
    guard = services.pop("sockguard")
    offered = {s: at for at, s in mounts(guard).items() if at.startswith(f"{SOCKETS}/")}
    taken = [mounts(one)[SOCKETS] for one in services.values() if SOCKETS in str(one)]
    assert sorted(taken) == sorted(offered)
    assert len(set(taken)) == len(taken) > 0


@pytest.mark.parametrize("name", COMPOSE)
def test_a_socket_volume_belongs_to_the_user_of_the_image(name: str) -> None:
    compose = compose_in(name)
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert user is not None
    owner = f"uid={user[1]},gid={user[2]},mode=0755"
    guard = mounts(compose["services"]["sockguard"])
    options = [
        compose["volumes"][volume]["driver_opts"]
        for target, volume in guard.items()
        if target.startswith(f"{SOCKETS}/")
    ]
    assert options
    assert all(one == {"type": "tmpfs", "device": "tmpfs", "o": owner} for one in options)
    assert compose["services"]["sockguard"]["tmpfs"] == [f"{SOCKETS}:{owner}"]


@pytest.mark.parametrize("name", COMPOSE)
def test_sockguard_runs_with_as_little_as_it_needs(name: str) -> None:
    guard = compose_in(name)["services"]["sockguard"]
    assert guard["read_only"] is True
    assert guard["cap_drop"] == ["ALL"]
    assert guard["security_opt"] == ["no-new-privileges:true"]
    assert guard["network_mode"] == "none"
    assert "DOCKER_GID:?" in guard["group_add"][0]


def test_the_readme_shows_what_the_example_of_its_consumer_has() -> None:
    shown, real = compose_in("README.md"), compose_in("examples/traefik/compose.yaml")
    guard, whole = shown["services"]["sockguard"], real["services"]["sockguard"]
    same = ("read_only", "cap_drop", "security_opt", "network_mode", "tmpfs")
    assert {key: guard[key] for key in same} == {key: whole[key] for key in same}
    assert mounts(shown["services"]["traefik"]) == mounts(real["services"]["traefik"])
    assert set(shown["services"]["traefik"]["command"]) < set(
        real["services"]["traefik"]["command"]
    )
    assert shown["volumes"] == real["volumes"]
