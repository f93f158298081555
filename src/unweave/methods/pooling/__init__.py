"""Pooling of the posteriors of a group of images: (q (G, M, D), batch) -> Posterior (G, M, D)."""
