"""Kills, cuts and bounds that the tests inflict on the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

_CHILD = r"""
import os, runpy, signal, sys
file, name, event, nth = sys.argv[1].split(":")
left = int(nth)

def watch(frame, happened, argument):
    global left
    code = frame.f_code
    if happened == event and code.co_name == name and code.co_filename.replace(os.sep, "/").endswith(file):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

sys.setprofile(watch)
arguments = sys.argv[2:]
if arguments[0] == "-c":
    exec(arguments[1])
else:
    sys.argv = ["quintanas", *arguments]
    runpy.run_module("pipelines.cli", run_name="__main__", alter_sys=True)
"""


def killed_at(point: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the `quintanas` command (or with `-c` some Python) and kill its process with SIGKILL as a function is called or
    returns: `point` is "db/publish.py:_finish:call", with ":3" added for the third time. Fails where it does not get there."""
    if point.count(":") == 2:
        point += ":1"
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, point, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == -signal.SIGKILL, f"not killed at {point}:\n{done.stdout}{done.stderr}"
    return done
