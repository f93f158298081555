"""A data set in words and as a contact sheet."""
