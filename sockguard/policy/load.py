"""Files to policy: everything is read once into memory, hashed, and parsed from there.

Must never hand out a policy with a fault: loading is all or nothing.
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from sockguard.policy.assemble import assemble
from sockguard.policy.characters import unfit_characters
from sockguard.policy.check import run_expectations
from sockguard.policy.complaints import Complaint, Complaints, PolicyError
from sockguard.policy.given import read_given
from sockguard.policy.model import Source
from sockguard.policy.scalars import core_scalar
from sockguard.policy.shipped import SHIPPED, files_used
from sockguard.policy.tree import Entry, Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.engine.facts import Thing
    from sockguard.policy.model import Policy

__all__ = [
    "PolicyError",
    "files_of",
    "is_shipped_name",
    "load_policy",
    "load_text",
    "load_texts",
    "read_file",
    "read_tree",
    "shipped_folder",
]

_MIB = 1024**2
MAX_FILE = _MIB
"""No policy is near this size: what is, was not meant."""
MAX_FILES = 1000
MAX_DEPTH = 32
SUFFIXES = (".yaml", ".yml")


def shipped_folder() -> Path:
    """Return the folder of the roles that come with the package, in checkout and wheel alike."""
    return Path(__file__).resolve().parents[1] / "policies"


def load_policy(path_or_name: str, *, shipped: Path, serving: bool = True) -> Policy:
    """Load a file, a folder, or the shipped role of that name for the main listener.

    `serving` asks for clients as well: a policy of roles alone can be checked, not served.
    Raises PolicyError with all complaints.
    """
    shipped_texts = _read_shipped(shipped)
    if is_shipped_name(path_or_name):
        name = path_or_name.removeprefix(SHIPPED)
        return load_texts({}, shipped=shipped_texts, main_role=name)
    return load_texts(_read(path_or_name), shipped=shipped_texts, serving=serving)


def load_text(text: str, *, shipped: Mapping[str, bytes] | None = None) -> Policy:
    """Load one policy from memory, as if it stood in `policy.yaml`."""
    return load_texts({"policy.yaml": text.encode()}, shipped=shipped or {}, serving=False)


def load_texts(
    texts: Mapping[str, bytes],
    *,
    shipped: Mapping[str, bytes],
    main_role: str | None = None,
    serving: bool = True,
) -> Policy:
    """Load a policy from the bytes of its files by name; raises PolicyError.

    `main_role` names a shipped role for the main listener.
    """
    complaints = Complaints()
    own = [read_tree(name, data, complaints) for name, data in texts.items()]
    used = files_used(own, shipped, main_role)
    theirs = [read_tree(name, data, complaints) for name, data in used.items()]
    complaints.raise_any()
    hashed = _hash({**_short(texts), **shipped})
    policy = assemble(own, theirs, sha256=hashed, main_role=main_role, serving=serving)
    failed = run_expectations(policy)
    if failed:
        raise PolicyError(failed)
    return policy


def read_given_text(data: bytes) -> Mapping[str, Thing | None]:
    """Read what a file says that the Engine would tell of objects; raises PolicyError."""
    complaints = Complaints()
    tree = read_tree("--given", data, complaints)
    given = {} if complaints.found else read_given(tree, complaints)
    complaints.raise_any()
    return given


def is_shipped_name(path_or_name: str) -> bool:
    """Tell whether this names a role that comes with the package, not a file or folder.

    `traefik` and `shipped/traefik` are the same role; a folder of that name is `./shipped/traefik`.
    """
    name = path_or_name.removeprefix(SHIPPED)
    return "/" not in name and not name.endswith(SUFFIXES)


def _short(texts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Name files without their folders, so that moving a policy leaves its hash alone."""
    return {Path(name).name: data for name, data in texts.items()}


def _hash(texts: Mapping[str, bytes]) -> str:
    """Hash names and bytes, each with its length before it; hex SHA-256."""
    digest = sha256()
    for name in sorted(texts):
        for part in (name.encode(), texts[name]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def _read_shipped(folder: Path) -> dict[str, bytes]:
    return {f"{SHIPPED}{Path(name).name}": data for name, data in _read(str(folder)).items()}


def _read(path: str) -> dict[str, bytes]:
    """Return the bytes of a file, or of each policy file of a folder, by path."""
    try:
        files = files_of(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not files:
        raise PolicyError([Complaint(path, 0, "the folder holds no .yaml file")])
    if len(files) > MAX_FILES:
        raise PolicyError([Complaint(path, 0, f"the folder holds over {MAX_FILES} files")])
    return {file: read_file(file) for file in files}


def files_of(path: str) -> list[str]:
    """Return the file itself, or the policy files of a folder; raises OSError."""
    if not stat.S_ISDIR(Path(path).stat().st_mode):
        return [path]
    return sorted(str(file) for file in Path(path).iterdir() if _is_policy_name(file.name))


def _is_policy_name(name: str) -> bool:
    return name.endswith(SUFFIXES) and not name.startswith(".")


def read_file(path: str, most: int = MAX_FILE) -> bytes:
    """Read one regular file of up to `most` bytes; raises PolicyError.

    O_NONBLOCK keeps a FIFO from blocking before it is recognised.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise PolicyError([Complaint(path, 0, "is not a regular file")])
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read(most + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(data) > most:
        raise PolicyError([Complaint(path, 0, f"is larger than {most // _MIB} MiB")])
    return data


def _unreadable(path: str, error: OSError) -> PolicyError:
    return PolicyError([Complaint(path, 0, f"cannot be read: {error.strerror or error}")])


# --- YAML events to nodes ---------------------------------------------------------------------


def read_tree(name: str, data: bytes, complaints: Complaints) -> Node:
    """Parse one file; an empty mapping and a complaint where it is no YAML we accept."""
    try:
        text = data.decode("utf-8")
        unfit = [Complaint(name, line, message) for line, message in unfit_characters(text)]
        if not unfit:
            return _Reader(name, text, complaints).document()
        complaints.found.extend(unfit)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        complaints.add(Source(name, line), "is not UTF-8 text")
    except PolicyError as error:
        complaints.found.extend(error.complaints)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        complaints.add(Source(name, line), _not_yaml(error.problem or error.context or ""))
    return Node(Source(name, 1), {})


def _not_yaml(problem: str) -> str:
    """Say what the parser found; about indentation, where most slips are, in words of our own."""
    if r"'\t'" in problem:
        return "YAML takes no tabs for indentation: use spaces"
    slip = next((says for found, says in _SLIPS.items() if found in problem), "")
    return f"is not YAML: {problem}{slip}"


_SLIPS = {
    "expected <block end>": ": mind the indentation of this line",
    "mapping values are not allowed here": ": mind the indentation, one `key: value` to a line",
}


class _Reader:
    """Turns the events of one file into nodes: no aliases, anchors, tags or second document.

    Events instead of PyYAML's own objects, because those resolve YAML 1.1 scalars, follow
    aliases and let the last of two equal keys win.
    """

    def __init__(self, name: str, text: str, complaints: Complaints) -> None:
        self.name = name
        self.complaints = complaints
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)

    def document(self) -> Node:
        next(self.events)  # the stream begins
        first = next(self.events)
        if isinstance(first, yaml.StreamEndEvent):
            return Node(Source(self.name, 1), None)
        root = self.node(next(self.events), 0)
        next(self.events)  # the document ends
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self.fault(after, "a file holds one document: there is a second after `---`")
        return root

    def node(self, event: yaml.Event, depth: int) -> Node:
        source = self.source(event)
        if isinstance(event, yaml.AliasEvent):
            raise self.fault(event, f"aliases (*{event.anchor}) are not allowed: write it out")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise self.fault(event, f"anchors (&{event.anchor}) are not allowed")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self.fault(event, f"tags ({tag}) are not allowed")
        if depth > MAX_DEPTH:
            raise self.fault(event, f"is nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.ScalarEvent):
            if not _is_unicode(event.value):
                raise self.fault(event, "holds half of a surrogate pair")
            return Node(source, event.value if event.style else core_scalar(event.value))
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(source, tuple(self.items(depth)))
        return Node(source, self.entries(depth))

    def items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self.node(event, depth + 1)

    def entries(self, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event, depth)
            value = self.node(next(self.events), depth + 1)
            if key in entries:
                first = entries[key].source.line
                self.complaints.add(
                    self.source(event), f"the key {key!r} stands here twice (first in line {first})"
                )
            entries[key] = Entry(self.source(event), value)
        return entries

    def key(self, event: yaml.Event, depth: int) -> str:
        node = self.node(event, depth + 1)
        if not isinstance(node.value, str):
            raise self.fault(event, f"a key must be text, not {node.describe()}; quote it")
        if node.value == "<<":
            raise self.fault(event, "merge keys (<<) are not allowed: write it out")
        return node.value

    def source(self, event: yaml.Event) -> Source:
        mark = event.start_mark
        return Source(self.name, mark.line + 1 if mark else 1)

    def fault(self, event: yaml.Event, message: str) -> PolicyError:
        return PolicyError([Complaint(self.name, self.source(event).line, message)])


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
