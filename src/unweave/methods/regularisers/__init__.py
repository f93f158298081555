"""Regularisers of the variational family: (q, z, step, rows) -> Losses.

q: the posterior that was sampled, z (B, D): the samples, step: of the run, rows: images that share no code, from which
what estimates q(z) is computed; the KL sees all.
"""
