"""The process of `ckptlint` and of `python -m ckptlint`."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import NoReturn

from ckptlint.cli import main


def run() -> NoReturn:
    """Run the command and end the process, without first taking apart everything that was read."""
    gc.disable()
    code = main()
    for stream in (sys.stdout, sys.stderr):
        # Closed by the caller, or nobody reads any more.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
