"""Graphs of named variables: their text, their distributions, and inference through them."""
