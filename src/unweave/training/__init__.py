"""The training loop, with precision, optimiser states, means of logged terms and checks."""
