"""Distributions of factors and labels other than the one of the whole data set, as views of it."""
