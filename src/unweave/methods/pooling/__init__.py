"""Pooling of the posteriors of images that belong together: (q (G, M, D), batch) -> Posterior (G, M, D)."""
