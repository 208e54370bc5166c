"""What the Engine answers with on networks.

Must never hold a value, only which fields the Engine writes and what showing them gives away.
"""

from __future__ import annotations

from sockguard.engine.answer import PLAIN, Answer, AnswerShape, Form, Map
from sockguard.engine.answers.parts import LABELS, plain

NETWORK: dict[str, AnswerShape] = {
    **plain(
        "Name Id Created Scope Driver EnableIPv4 EnableIPv6 Internal Attachable Ingress ConfigOnly"
    ),
    "IPAM": {
        "Driver": PLAIN,
        "Config": [{**plain("Subnet IPRange Gateway"), "AuxiliaryAddresses": Map(PLAIN)}],
        "Options": Map(PLAIN),
    },
    "ConfigFrom": plain("Network"),
    "Containers": Map(plain("Name EndpointID MacAddress IPv4Address IPv6Address")),
    "Peers": [plain("Name IP")],
    # Bridges, host interfaces, encryption on or off: settings, which no documented driver
    # fills with anything secret.
    "Options": Map(PLAIN),
    "Labels": LABELS,
}

LIST = Answer(NETWORK, Form.LIST)

INSPECT = Answer(
    {
        **NETWORK,
        "Services": Map(PLAIN),
        "Status": {"IPAM": {"Subnets": Map(plain("IPsInUse DynamicIPsAvailable"))}},
    }
)

CREATE = Answer(plain("Id Warning"))

PRUNE = Answer({"NetworksDeleted": [PLAIN]})
