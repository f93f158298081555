"""Estimators that metrics share: information, entropies, quantiles, classifiers and trees."""
