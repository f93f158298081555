"""Supervision by few labels: (q of the labelled images, their factors (B, K), step) -> Losses."""
