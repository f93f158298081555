"""Neural networks: encoders, decoders, critics, likelihoods, frozen feature extractors.

A network is defined by its input and output shapes; any module that maps the same can replace it.
"""
