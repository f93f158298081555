"""Shifts of the distribution of factors, and imperfect labels, as views of a data set."""
