"""What recipes measure of a run: numbers that need both a model and its data."""
