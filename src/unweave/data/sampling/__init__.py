"""Sampling of batches: single rows, groups, pairs, triplets, clips, views and classes."""
