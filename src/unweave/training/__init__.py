"""The training loop and what it stands on: precision, optimiser states, means of logged terms, checkpoints."""
