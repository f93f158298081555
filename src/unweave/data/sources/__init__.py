"""Published files of data sets: catalogue, download and verification."""
