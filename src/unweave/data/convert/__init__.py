"""Conversion of users' arrays, labels and samples into images and factors."""
