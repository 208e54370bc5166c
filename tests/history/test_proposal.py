from __future__ import annotations

import pytest

from sockguard.engine.level import Level
from sockguard.history.learning import learn
from sockguard.history.proposal import Proposal, as_document, proposal_text
from sockguard.history.weighing import in_force, weighed
from sockguard.policy.load import load_text
from tests.support.past_requests import counted, past_of

CREATE = "POST /v1.44/containers/create?name=shop-web"
PASTS = [
    past_of("GET /_ping"),
    past_of(CREATE, {"Image": "a", "HostConfig": {"Privileged": True, "Binds": ["/:/x"]}}),
    past_of("POST /containers/shop-web/update", {"CgroupParent": "/x"}),
    past_of("POST /containers/4bb9a7d1c0de/kill"),
    *(past_of(f"POST /containers/shop-{name}/stop") for name in ("web", "db", "mail")),
    past_of("POST /containers/create", {"Image": "a:b", "Labels": {"x": "\u202eevil\n# - all"}}),
]


def proposal(limit: Level = Level.CODE) -> Proposal:
    lines = weighed("ci", learn("ci", counted(PASTS)), limit)
    return Proposal("ci", "ci", lines, limit, "this or that", len(PASTS), left_out={"too long": 2})


@pytest.mark.parametrize("limit", list(Level))
def test_the_text_loads_and_says_what_was_learned(limit: Level) -> None:
    proposed = proposal(limit)
    policy = load_text(proposal_text(proposed))
    items = in_force(proposed.lines)
    allow = "".join(f"\n      {item}" for item in items) if items else " []"
    expected = load_text(f"version: 1\nroles:\n  ci:\n    allow:{allow}\n")
    meanings = [
        {name: [one.meaning for one in grants] for name, grants in one.roles["ci"].grants.items()}
        for one in (policy, expected)
    ]
    assert meanings[0] == meanings[1]


def uncommented(text: str) -> str:
    """Take the marks away from all that is policy, as a person would who wants all of it."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        bare = line.lstrip()
        if not bare.startswith("# "):
            continue
        rest = bare[2:]
        words = rest.split("  #")[0].strip()
        is_key = words.endswith(":") and " " not in words
        if rest.startswith("- ") or is_key or ("  # " in rest and ": " in rest):
            lines[at] = line.replace("# ", "", 1)
        elif rest.startswith("to add what follows"):
            name = rest.rpartition(" ")[2].removesuffix(":")
            before = max(i for i in range(at) if lines[i].lstrip().startswith(f"- {name}"))
            lines[before] = lines[before].replace(f"- {name}", f"- {name}:", 1)
    return "\n".join(lines) + "\n"


def test_what_is_commented_out_can_be_taken_in_by_taking_the_marks_away() -> None:
    whole = load_text(uncommented(proposal_text(proposal())))
    assert whole.roles["ci"].grants.keys() == {line.operation for line in proposal().lines}
    by_root = load_text(proposal_text(proposal(Level.ROOT)))
    for name, grants in by_root.roles["ci"].grants.items():
        assert [one.meaning for one in whole.roles["ci"].grants[name]] == [
            one.meaning for one in grants
        ]


def test_the_comments_say_what_was_left_out_and_what_else_might_be_meant() -> None:
    text = proposal_text(proposal())
    assert "# Not learned from: 2 requests: too long" in text
    assert 'all 3 names begin with shop-: {name: "shop-*"} would let it reach others' in text
    assert "# root: " in text
    assert "the log tells ids of its objects and no names" in text
    assert "own_objects_only: true" in text
    assert "\u202e" not in text
    assert "evil" not in text


def test_json_has_all_that_the_comments_say() -> None:
    document = as_document(proposal())
    assert document["left_out"] == {"too long": 2}
    lines = document["lines"]
    assert isinstance(lines, list)
    by_name = {line["operation"]: line for line in lines}
    assert [one["condition"] for one in by_name["containers.create"]["held_back"]] == [
        {"body": {"HostConfig.Binds": {"one_of": [["/:/x"]]}}},
        {"body": {"HostConfig.Privileged": True}},
    ]
    assert by_name["containers.kill"]["in_force"] is False
