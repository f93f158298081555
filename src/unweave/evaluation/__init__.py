"""Evaluation of a model on a data set: codes of images, their scores, and latent traversals."""
