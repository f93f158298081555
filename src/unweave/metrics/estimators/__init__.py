"""What metrics compute with: information, entropies, quantiles, classifiers and trees."""
