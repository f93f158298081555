"""Pure functions on tensors: densities, divergences, information, schedules. In nats."""
