"""Ways in which a watched worker ends, as functions that a new process can import."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

SILENT = (
    "F1126 client.h:80] Terminating process because the JAX distributed service detected fatal errors. "
    "absl::Status: UNAVAILABLE: The following tasks are unhealthy (stopped sending heartbeats):\n1\n"
    "The tasks have crashed. Check the task logs for an earlier error\n"
)


def in_peace(report, code):
    return code


def aborted_by_library(report, folder):
    report.tell(hosts=("alpha", "beta"), folder=Path(folder), num_epochs=3)
    os.write(2, SILENT.encode())
    os.abort()


def talks(report, python_says, library_says):
    sys.stdout.write(python_says + "\n")
    os.write(1, library_says.encode())
    return 0


def waits_for_ctrl_c(report, started):
    Path(started).touch()
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(0.5)
        return 130
    return 1


def raises(report):
    raise ZeroDivisionError("a fault of our own")


def killed(report):
    os.kill(os.getpid(), signal.SIGKILL)
