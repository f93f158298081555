"""A training as a folder: its configuration, log and checkpoints; and the trained run for use."""
