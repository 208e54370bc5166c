"""Operations on the Engine itself.

Must never decide: each entry says what the Engine does, from its documents and its source.
"""

from __future__ import annotations

from sockguard.engine.answers import system as answers
from sockguard.engine.bodies import objects as bodies
from sockguard.engine.catalogue.columns import filters, flag, integer, parameters, text, texts
from sockguard.engine.level import Level
from sockguard.engine.operation import BodyKind, Operation, Risk, Streaming

OPERATIONS = (
    Operation(
        name="system.ping",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Tells that the Engine is there and which API version it speaks.",
        quick=True,
    ),
    Operation(
        name="system.version",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Tells the exact versions of the Engine, its parts and the kernel.",
        answer=answers.VERSION,
        quick=True,
    ),
    Operation(
        name="system.info",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Describes the host: kernel, registries, plugins, security options, counts.",
        answer=answers.INFO,
        quick=True,
    ),
    Operation(
        name="system.events",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows all that happens, with the labels of objects; exec lines are masked.",
        streaming=Streaming.RESPONSE,
        parameters=parameters(text("since"), text("until"), filters()),
        answer=answers.EVENTS,
    ),
    Operation(
        name="system.df",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows the disk use of all images, containers, volumes and build cache.",
        parameters=parameters(texts("type", since=42), flag("verbose", since=52)),
        answer=answers.DF,
    ),
    Operation(
        name="system.auth",
        risk=Risk.WRITE,
        level=Level.METADATA,
        writes=True,
        hands_over="Makes the Engine try a password at any server that the client names.",
        body=BodyKind.JSON,
        shape=bodies.AUTH,
        answer=answers.AUTH,
    ),
    Operation(
        name="system.options",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Gets an empty answer to OPTIONS on any path.",
        refused="No Docker client sends OPTIONS.",
    ),
    Operation(
        name="debug.read",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows the Engine's command line, memory and profiles, and can slow it down.",
        streaming=Streaming.RESPONSE,
        parameters=parameters(integer("debug"), integer("gc"), text("seconds")),
    ),
)
