"""Images made from their factors, with no file: each module draws one family of data sets."""
