"""`python -m ckptlint`."""

from __future__ import annotations

import sys

from ckptlint.cli import main

sys.exit(main())
