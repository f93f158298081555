"""Files and folders of the user: atomic writes, a lock of one file, places of cache and state."""
