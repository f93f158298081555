"""Rendered data sets, made from their factors without a file: each module draws one family."""
