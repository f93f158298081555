"""Sampling of batches: single rows, or rows that belong together (groups, pairs, triplets, clips,
views, classes).
"""
