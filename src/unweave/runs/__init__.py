"""A training as a folder: its configuration, its log, its checkpoints, and the trained run for use."""
