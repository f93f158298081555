"""Where published files are, how they are fetched, and how they are verified."""
