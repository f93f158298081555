"""The data sets that are read from files, one module each."""
