"""Operations that build images, BuildKit's two tunnels included.

Must never decide: each entry says what the Engine does, from its documents and its source.
"""

from __future__ import annotations

from sockguard.engine.answers import images as answers
from sockguard.engine.bodies.parts import ULIMITS, ULIMITS_HAND_OVER
from sockguard.engine.catalogue.columns import (
    document,
    filters,
    flag,
    integer,
    limit,
    parameters,
    sensitive,
    text,
    texts,
)
from sockguard.engine.level import Level
from sockguard.engine.operation import BodyKind, Operation, Risk, Streaming
from sockguard.engine.shape import TEXT, Map

OPERATIONS = (
    Operation(
        name="build.run",
        risk=Risk.HOST_ROOT,
        level=Level.CODE,
        writes=True,
        hands_over="Runs the programs of a Dockerfile as root and tags what comes out.",
        streaming=Streaming.REQUEST,
        body=BodyKind.TAR,
        parameters=parameters(
            text("dockerfile"),
            texts("t", names="image"),
            sensitive(
                texts("extrahosts", since=28),
                "Makes names mean other addresses inside the build.",
                Level.METADATA,
            ),
            sensitive(
                text("remote"),
                "Makes the Engine fetch the build from any address or repository.",
                Level.CODE,
            ),
            flag("q"),
            flag("nocache"),
            sensitive(
                document("cachefrom", [TEXT], absent="[]"),
                "Takes finished layers from images that the caller names.",
                Level.CODE,
            ),
            flag("pull"),
            flag("rm", on_by_default=True),
            flag("forcerm"),
            limit("memory"),
            limit("memswap"),
            integer("cpushares"),
            text("cpusetcpus"),
            text("cpusetmems"),
            integer("cpuperiod"),
            limit("cpuquota"),
            sensitive(
                document("buildargs", Map(TEXT), absent="{}"),
                "Sets variables of the build; BUILDKIT_SYNTAX names the program that reads it.",
                Level.CODE,
            ),
            integer("shmsize"),
            flag("squash"),
            document("labels", Map(TEXT), absent="{}"),
            sensitive(
                text("networkmode", absent="default", names="network mode"),
                "Joins the build to the host's network or to that of another container.",
            ),
            text("platform", since=34),
            text("target", since=37),
            sensitive(
                document("outputs", [{"Type": TEXT, "Attrs": Map(TEXT)}], absent="[]", since=40),
                "Sends the result elsewhere: to a registry, or to files.",
                Level.SECRETS,
            ),
            text("version", since=38),
            sensitive(
                text("cgroupparent"),
                "Moves the build out of the resource limits meant for it.",
                Level.DISTURB,
            ),
            sensitive(
                text("session"), "Ties the build to a BuildKit session, through which files flow."
            ),
            sensitive(text("buildid"), "Splits the build over two requests that are judged apart."),
            sensitive(
                text("isolation", absent="default"),
                "Has Windows run the build without a virtual machine of its own.",
                Level.CODE,
            ),
            sensitive(document("ulimits", ULIMITS, absent="[]"), ULIMITS_HAND_OVER, Level.DISTURB),
            sensitive(texts("securityopt"), "Changes the security profile of the build."),
        ),
        headers=frozenset({"x-registry-config"}),
    ),
    Operation(
        name="build.prune",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes the build cache.",
        parameters=parameters(
            integer("reserved-space", since=48),
            limit("max-used-space", since=48),
            integer("min-free-space", since=48),
            flag("all", since=39),
            filters(since=39),
            integer("keep-storage", since=39),
        ),
        answer=answers.BUILD_PRUNE,
    ),
    Operation(
        name="build.cancel",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Stops a running build whose id is known.",
        parameters=parameters(text("id")),
    ),
    Operation(
        name="build.session",
        risk=Risk.HOST_ROOT,
        level=Level.ROOT,
        writes=True,
        hands_over="Opens BuildKit's session tunnel, opaque to every check: root on the host.",
        streaming=Streaming.H2C,
        body=BodyKind.RAW,
        headers=frozenset({"x-docker-expose-session-*"}),
        upgrade="h2c",
    ),
    Operation(
        name="build.grpc",
        risk=Risk.HOST_ROOT,
        level=Level.ROOT,
        writes=True,
        hands_over="Opens BuildKit's control tunnel, opaque to every check: root on the host.",
        streaming=Streaming.H2C,
        body=BodyKind.RAW,
        upgrade="h2c",
    ),
)
