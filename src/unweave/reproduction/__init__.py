"""Reproduction of published claims: recipes are trained, measured and checked."""
