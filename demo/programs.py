"""The programs that exist in every simulated container.

Must never know how a process is attached: they read stdin, write output and return a code.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import shlex
from typing import TYPE_CHECKING

from demo.call import EngineError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from demo.process import Process

    Program = Callable[[Process, list[str]], Awaitable[int]]

BLOCK = 64 * 1024


async def cat(process: Process, arguments: list[str]) -> int:
    """Copy files, or stdin as it arrives, to stdout."""
    for path in arguments:
        try:
            await process.out(process.files.node(path).data or b"")
        except EngineError:
            await process.err(f"cat: {path}: No such file or directory\n".encode())
            return 1
    while not arguments and (data := await process.stdin.read()):
        await process.out(data)
    return 0


async def echo(process: Process, arguments: list[str]) -> int:
    """Print the arguments."""
    await process.out(" ".join(arguments).encode() + b"\n")
    return 0


async def lines(process: Process, _: list[str]) -> int:
    """Answer each line of stdin, then, after its end, tell how many came."""
    count = 0
    while line := await process.stdin.line():
        count += 1
        await process.out(b"got " + line.rstrip(b"\n") + b"\n")
    await process.out(f"{count} lines, end of input\n".encode())
    return 0


async def wc(process: Process, _: list[str]) -> int:
    """Count the bytes of stdin; prints only after its end."""
    count = 0
    while data := await process.stdin.read():
        count += len(data)
    await process.out(f"{count}\n".encode())
    return 0


async def sha256sum(process: Process, _: list[str]) -> int:
    """Hash stdin; prints only after its end."""
    digest = hashlib.sha256()
    while data := await process.stdin.read():
        digest.update(data)
    await process.out(f"{digest.hexdigest()}  -\n".encode())
    return 0


async def head(process: Process, arguments: list[str]) -> int:
    """`head -c N …`: print N zero bytes."""
    left = int(arguments[1]) if arguments[:1] == ["-c"] else 0
    while left > 0:
        await process.out(bytes(min(left, BLOCK)))
        left -= BLOCK
    return 0


async def hush(process: Process, _: list[str]) -> int:
    """Close the output at once, then read stdin to its end."""
    await process.out(b"bye\n")
    await process.output.finish()
    while await process.stdin.read():
        pass
    return 0


async def env(process: Process, _: list[str]) -> int:
    """Print the environment."""
    for name, value in process.env.items():
        await process.out(f"{name}={value}\n".encode())
    return 0


async def hostname(process: Process, _: list[str]) -> int:
    """Print the container's host name."""
    return await echo(process, [process.env.get("HOSTNAME", "localhost")])


async def ls(process: Process, arguments: list[str]) -> int:
    """Print the names in a folder."""
    try:
        names = process.files.names(next((a for a in arguments if a[0] != "-"), "/"))
    except EngineError as error:
        await process.err(f"ls: {error.message}\n".encode())
        return 1
    await process.out("".join(f"{name}\n" for name in names).encode())
    return 0


async def stty(process: Process, _: list[str]) -> int:
    """Print rows and columns of the terminal."""
    rows, columns = process.size
    return await echo(process, [str(rows), str(columns)])


async def sleep(_: Process, arguments: list[str]) -> int:
    """Wait for so many seconds, or for ever."""
    text = arguments[0] if arguments and arguments[0][0] != "-" else "infinity"
    await asyncio.sleep(10**8 if text.startswith("inf") else float(text))
    return 0


async def true(_: Process, __: list[str]) -> int:
    """Succeed."""
    return 0


async def false(_: Process, __: list[str]) -> int:
    """Fail."""
    return 1


async def shell(process: Process, arguments: list[str]) -> int:
    """`sh -c SCRIPT` runs a script, `sh` the lines of stdin; `;`, `&&`, `>&2`, `exit N`."""
    code = 0
    if arguments[:1] == ["-c"]:
        for command in re.split(r"[;\n]|&&", arguments[1]):
            code, over = await _command(process, command, code)
            if over:
                break
        return code
    prompt = b"/ # " if process.tty else b""
    await process.out(prompt)
    while line := await process.stdin.line():
        code, over = await _command(process, line.decode(errors="replace"), code)
        if over:
            break
        await process.out(prompt)
    return code


async def _command(process: Process, text: str, last: int) -> tuple[int, bool]:
    """Run one simple command: its exit code, and whether the shell ends."""
    words = shlex.split(text.replace(">&2", ""))
    if not words:
        return last, False
    if words[0] == "exit":
        return int(words[1]) if words[1:] else last, True
    if words[0] == "echo" and ">&2" in text:
        await process.err(" ".join(words[1:]).encode() + b"\n")
        return 0, False
    program = PROGRAMS.get(words[0].rpartition("/")[2])
    if program is None:
        await process.err(f"sh: {words[0]}: not found\n".encode())
        return 127, False
    return await program(process, words[1:]), False


async def service(process: Process, arguments: list[str]) -> int:
    """What any other command is in a container: a server that says a line now and then."""
    await process.out(b"ready to serve\n")
    await process.err(b"notice: this is a simulation\n")
    number = 0
    while True:
        await asyncio.sleep(process.tick)
        number += 1
        await process.out(
            f"request {number} served {' '.join(arguments)}".rstrip().encode() + b"\n"
        )


PROGRAMS: dict[str, Program] = {
    "cat": cat,
    "echo": echo,
    "lines": lines,
    "wc": wc,
    "sha256sum": sha256sum,
    "head": head,
    "hush": hush,
    "env": env,
    "hostname": hostname,
    "ls": ls,
    "stty": stty,
    "sleep": sleep,
    "tail": sleep,
    "true": true,
    "false": false,
    "sh": shell,
    "bash": shell,
    "ash": shell,
}
