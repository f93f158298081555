"""Tables of text as people have them: what is a name of a column, a number, a missing cell, the index of a row."""
