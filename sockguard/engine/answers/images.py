"""What the Engine answers with on images and on the registries they come from.

Must never hold a value, only which fields the Engine writes and what showing them gives away.
"""

from __future__ import annotations

from sockguard.engine.answer import PLAIN, Answer, AnswerShape, Form, Mask, Masked
from sockguard.engine.answers.parts import (
    CONFIG,
    DELETED_IMAGES,
    DESCRIPTOR,
    GRAPH_DRIVER,
    LABELS,
    PLATFORM,
    plain,
    texts,
)

_IDENTITY: dict[str, AnswerShape] = {
    "Signature": [
        {
            **plain("Name KnownSigner DockerReference SignatureType Error"),
            "Timestamps": [plain("Type URI Timestamp")],
            "Signer": plain(
                "CertificateIssuer SubjectAlternativeName Issuer BuildSignerURI BuildSignerDigest"
                " RunnerEnvironment SourceRepositoryURI SourceRepositoryDigest SourceRepositoryRef"
                " SourceRepositoryIdentifier SourceRepositoryOwnerURI"
                " SourceRepositoryOwnerIdentifier BuildConfigURI BuildConfigDigest BuildTrigger"
                " RunInvocationURI SourceRepositoryVisibilityAtSigning"
            ),
            "Warnings": [PLAIN],
        }
    ],
    "Pull": [plain("Repository")],
    "Build": [plain("Ref CreatedAt")],
}

_MANIFESTS: AnswerShape = [
    {
        **plain("ID Available Kind"),
        "Descriptor": DESCRIPTOR,
        "Size": plain("Total Content"),
        "ImageData": {
            "Platform": PLATFORM,
            "Containers": [PLAIN],
            "Size": plain("Unpacked"),
            "Identity": _IDENTITY,
        },
        "AttestationData": plain("For"),
    }
]

SUMMARY: dict[str, AnswerShape] = {
    **plain("Id ParentId Created Size SharedSize VirtualSize Containers"),
    **texts("RepoTags RepoDigests"),
    "Labels": LABELS,
    "Manifests": _MANIFESTS,
    "Descriptor": DESCRIPTOR,
}
"""One image of a list."""

LIST = Answer(SUMMARY, Form.LIST)

INSPECT = Answer(
    {
        **plain(
            "Id Parent Comment Created Container DockerVersion Author Architecture Variant Os"
            " OsVersion Size VirtualSize"
        ),
        **texts("RepoTags RepoDigests"),
        "ContainerConfig": CONFIG,
        "Config": CONFIG,
        "GraphDriver": GRAPH_DRIVER,
        "RootFS": {"Type": PLAIN, "Layers": [PLAIN]},
        "Metadata": plain("LastTagTime"),
        "Descriptor": DESCRIPTOR,
        "Manifests": _MANIFESTS,
        "Identity": _IDENTITY,
    }
)

HISTORY = Answer(
    {
        **plain("Id Created Size Comment"),
        "CreatedBy": Masked(
            Mask.TEXT, "Shows the build steps of an image, with the build arguments in them."
        ),
        "Tags": [PLAIN],
    },
    Form.LIST,
)

ATTESTATIONS = Answer(
    {
        "Descriptor": DESCRIPTOR,
        "PredicateType": PLAIN,
        "Statement": Masked(
            Mask.TEXT, "Shows how an image was built: build arguments, source addresses, its parts."
        ),
    },
    Form.LIST,
)

SEARCH = Answer(plain("description is_official is_automated name star_count"), Form.LIST)

REMOVE = Answer(plain("Untagged Deleted"), Form.LIST)

PRUNE = Answer({"ImagesDeleted": DELETED_IMAGES, "SpaceReclaimed": PLAIN})

BUILD_PRUNE = Answer({"CachesDeleted": [PLAIN], "SpaceReclaimed": PLAIN})

DISTRIBUTION = Answer({"Descriptor": DESCRIPTOR, "Platforms": [PLATFORM]})
