"""`python -m unweave`: the command line, also in several processes, of which the first one speaks."""

from __future__ import annotations

import os
import sys

from unweave.cli import main

if __name__ == "__main__":
    if os.environ.get("RANK", "0") != "0":
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (until the process ends)
    sys.exit(main())
