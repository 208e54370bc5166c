"""What the Engine answers with on volumes.

Must never hold a value, only which fields the Engine writes and what showing them gives away.
"""

from __future__ import annotations

from sockguard.engine.answer import PLAIN, Answer, AnswerShape, Form, Map, Mask, Masked
from sockguard.engine.answers.parts import HOST_PATH, LABELS, NOTHING, OPTIONS, VERSION, plain

_TOPOLOGIES: AnswerShape = [{"Segments": Map(PLAIN)}]

# The documents put these inside AccessMode; the Engine's own types have them beside it.
_PLACEMENT: dict[str, AnswerShape] = {
    "Secrets": [plain("Key Secret")],
    "AccessibilityRequirements": {"Requisite": _TOPOLOGIES, "Preferred": _TOPOLOGIES},
    "CapacityRange": plain("RequiredBytes LimitBytes"),
    "Availability": PLAIN,
}

_CLUSTER_VOLUME: dict[str, AnswerShape] = {
    **plain("ID CreatedAt UpdatedAt"),
    "Version": VERSION,
    "Spec": {
        "Group": PLAIN,
        "AccessMode": {**plain("Scope Sharing"), "MountVolume": NOTHING, **_PLACEMENT},
        **_PLACEMENT,
    },
    "Info": {
        **plain("CapacityBytes VolumeID"),
        "VolumeContext": OPTIONS,
        "AccessibleTopology": _TOPOLOGIES,
    },
    "PublishStatus": [{**plain("NodeID State"), "PublishContext": OPTIONS}],
}

VOLUME: dict[str, AnswerShape] = {
    **plain("Name Driver Scope CreatedAt"),
    "Mountpoint": HOST_PATH,
    "Status": Masked(Mask.TEXT, "Shows what a volume's driver tells of it, as the driver likes."),
    "Labels": LABELS,
    "Options": OPTIONS,
    "UsageData": plain("Size RefCount"),
    "ClusterVolume": _CLUSTER_VOLUME,
}

LIST = Answer(VOLUME, Form.WRAPPED, "Volumes", {"Warnings": [PLAIN]})

INSPECT = Answer(VOLUME)

PRUNE = Answer({"VolumesDeleted": [PLAIN], "SpaceReclaimed": PLAIN})
