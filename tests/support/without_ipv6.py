"""Runs a program where the kernel knows no IPv6: sockets of that family fail, by a seccomp filter.

Must never let a socket of IPv6 through: the test would then tell nothing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

SOCKET_CALL = {"x86_64": 41, "aarch64": 198}
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000
NUMBER, FIRST_ARGUMENT = 0, 16


def step(code: int, value: int, if_not: int = 0) -> bytes:
    """One instruction of a filter (linux/filter.h); `if_not` is how many are left out else."""
    return struct.pack("=HBBI", code, 0, if_not, value)


def main() -> None:
    """Put the filter on this process, and become the program."""
    program = b"".join((
        step(LOAD, NUMBER),
        step(JUMP_IF_EQUAL, SOCKET_CALL[platform.machine()], if_not=3),
        step(LOAD, FIRST_ARGUMENT),
        step(JUMP_IF_EQUAL, socket.AF_INET6, if_not=1),
        step(RETURN, FAIL | errno.EAFNOSUPPORT),
        step(RETURN, ALLOW),
    ))  # fmt: skip
    steps = ctypes.create_string_buffer(program, len(program))
    told = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, told, 0, 0
    ):
        sys.exit(f"no filter here: {os.strerror(ctypes.get_errno())}")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
