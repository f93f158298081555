"""Files and folders of the user: atomic writes, a lock of one file, and the places of cache and state."""
