"""Recipes: train what a claim needs, measure it, check it against what the claim states."""
