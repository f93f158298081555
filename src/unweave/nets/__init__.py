"""Networks, defined by their input and output shapes.

Any module that maps the same shapes can
replace one.
"""
