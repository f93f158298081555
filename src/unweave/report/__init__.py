"""HTML reports of runs: one self-contained file that opens offline in any browser.

unweave.report.write(["runs/beta-tcvae-dsprites-1a2b3c4d-0"], "report.html")
"""

from __future__ import annotations

from unweave.report.page import write

__all__ = ["write"]
