"""Operations on images, and on the registries they come from.

Must never decide: each entry says what the Engine does, from its documents and its source.
"""

from __future__ import annotations

from sockguard.engine.answers import images as answers
from sockguard.engine.catalogue.columns import dropped as unread
from sockguard.engine.catalogue.columns import (
    filters,
    flag,
    integer,
    parameters,
    sensitive,
    text,
    texts,
)
from sockguard.engine.level import Level
from sockguard.engine.operation import BodyKind, Operation, Risk, Streaming

_REGISTRY = frozenset({"x-registry-auth", "x-meta-*"})

OPERATIONS = (
    Operation(
        name="images.list",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows all images with their tags, digests, labels and sizes.",
        parameters=parameters(
            flag("all"),
            filters(),
            flag("shared-size", since=42),
            flag("digests"),
            flag("manifests", since=47),
            flag("identity", since=54),
            text("filter"),
            unread("only_ids"),
        ),
        answer=answers.LIST,
        quick=True,
    ),
    Operation(
        name="images.inspect",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows an image with its labels; environment and commands are masked.",
        parameters=parameters(flag("manifests", since=48), text("platform", since=49)),
        answer=answers.INSPECT,
        quick=True,
    ),
    Operation(
        name="images.history",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows how large each step of an image is; the steps themselves are masked.",
        parameters=parameters(text("platform", since=48)),
        answer=answers.HISTORY,
    ),
    Operation(
        name="images.attestations",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows which attestations an image has; what they state is masked.",
        parameters=parameters(texts("platform"), texts("type"), flag("statement")),
        answer=answers.ATTESTATIONS,
    ),
    Operation(
        name="images.search",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Makes the Engine ask the registry that the search term names.",
        parameters=parameters(text("term"), integer("limit"), filters()),
        headers=frozenset({"x-registry-auth"}),
        answer=answers.SEARCH,
    ),
    Operation(
        name="images.get",
        risk=Risk.EXFILTRATE,
        level=Level.SECRETS,
        writes=False,
        hands_over="Carries away whole images with all files in them.",
        streaming=Streaming.RESPONSE,
        parameters=parameters(texts("names", names="image"), texts("platform", since=48)),
        bulk_read=True,
    ),
    Operation(
        name="images.pull",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Fetches any image from any registry and replaces what its tag meant here.",
        streaming=Streaming.RESPONSE,
        parameters=parameters(
            text("fromImage", names="image"),
            text("tag", names="tag"),
            text("platform", since=32),
            unread("registry"),
        ),
        headers=_REGISTRY,
    ),
    Operation(
        name="images.import",
        risk=Risk.WRITE,
        level=Level.CODE,
        writes=True,
        hands_over="Makes an image of the client's files under any tag, trusted ones too.",
        streaming=Streaming.REQUEST,
        body=BodyKind.TAR,
        parameters=parameters(
            text("fromImage", names="image"),
            sensitive(
                text("fromSrc", absent="-"),
                "Makes the Engine fetch any address it can reach, unless the source is '-'.",
                Level.SECRETS,
            ),
            text("repo", names="image"),
            text("tag", names="tag"),
            text("message", since=39),
            sensitive(
                texts("changes", since=40),
                "Sets the image's command, user, environment and labels by Dockerfile lines.",
                Level.CODE,
            ),
            text("platform", since=32),
        ),
    ),
    Operation(
        name="images.load",
        risk=Risk.WRITE,
        level=Level.CODE,
        writes=True,
        hands_over="Loads any image and replaces any tag by what the archive says.",
        streaming=Streaming.REQUEST,
        body=BodyKind.TAR,
        parameters=parameters(flag("quiet"), texts("platform", since=48)),
    ),
    Operation(
        name="images.push",
        risk=Risk.EXFILTRATE,
        level=Level.SECRETS,
        writes=True,
        hands_over="Sends any local image to the registry in its name.",
        streaming=Streaming.RESPONSE,
        body=BodyKind.JSON,  # docker-py sends {}; Engines read old clients' credentials there
        shape={},
        parameters=parameters(text("tag", names="tag"), text("platform", since=46)),
        headers=_REGISTRY,
    ),
    Operation(
        name="images.tag",
        risk=Risk.WRITE,
        level=Level.CODE,
        writes=True,
        hands_over="Makes any name, trusted ones too, mean another image.",
        parameters=parameters(text("repo", names="image"), text("tag", names="tag")),
    ),
    Operation(
        name="images.remove",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes images.",
        parameters=parameters(flag("force"), flag("noprune"), texts("platforms", since=50)),
        answer=answers.REMOVE,
    ),
    Operation(
        name="images.prune",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes all images that no container uses.",
        parameters=parameters(filters()),
        answer=answers.PRUNE,
    ),
    Operation(
        name="distribution.inspect",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Makes the Engine ask any registry for the digest and platforms of an image.",
        headers=frozenset({"x-registry-auth"}),
        answer=answers.DISTRIBUTION,
        quick=True,
    ),
)
