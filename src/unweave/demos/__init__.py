"""Demonstrations that end in an HTML page."""
