"""Tables that metrics read: checked codes beside factors, groups of codes, the codes of several
models.
"""
