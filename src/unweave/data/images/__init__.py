"""Images as most data sets have them: an array with or without labels, or every combination of
known factors.
"""

from unweave.data.images.factor_images import FactorImages
from unweave.data.images.image_data import ImageData

__all__ = ["FactorImages", "ImageData"]
