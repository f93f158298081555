"""Data sets of images: an array with or without labels, or all combinations of known factors."""

from unweave.data.images.factor_images import FactorImages
from unweave.data.images.image_data import ImageData

__all__ = ["FactorImages", "ImageData"]
