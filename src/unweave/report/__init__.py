"""Runs as a page to look at: one HTML file that opens anywhere, with nothing to download.

unweave.report.write(["runs/beta-tcvae-dsprites-1a2b3c4d-0"], "report.html")
"""

from __future__ import annotations

from unweave.report.page import write

__all__ = ["write"]
