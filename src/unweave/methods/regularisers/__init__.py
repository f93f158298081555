"""Regularisers of the variational family: (q, z, step, rows) -> Losses.

q: the posterior that was sampled, z (B, D): the samples, step: of the run, rows: images that share no code, from which
what estimates q(z) is computed; the KL sees all.

Rows are drawn with replacement unless told otherwise, so that a batch may hold an image twice. The rows are then
independent draws of the data and their codes independent draws of q(z), which is what a mean, a covariance, an unbiased
MMD, a Stein direction, a critic and the weighted estimate of log q(z) take them for: nothing is left out. Only the
stratified estimate takes the rows for different images, and is told which they are (`q.index`; `maths.information`).
"""
