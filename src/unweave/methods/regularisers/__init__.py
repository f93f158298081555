"""Regularisers of the variational family: (q, z, step, rows) -> Losses.

q: the posterior that was sampled. z (B, D): the samples. step: of the run. rows: a slice of images
that share no code, from which q(z) is estimated; the KL is computed from all.

Rows are drawn with replacement by default, so that a batch may hold an image twice. The rows are
then independent draws of the data and their codes independent draws of q(z), as a mean, a
covariance, an unbiased MMD, a Stein direction, a critic and the weighted estimate of log q(z)
assume: no row is left out. Only the stratified estimate assumes different images, and uses their
indices (`q.index`; `maths.information`).
"""
