"""One module for each metric; none imports another. The registry is `unweave.metrics.METRICS`."""
