"""Readers of file formats: bytes of files in, arrays out; nothing unpickled, nothing evaluated."""
