"""Which rows make a batch: single ones, or those belonging together (groups, pairs, triplets, clips, views, classes)."""

from unweave.data.sampling.belonging import classes, groups, triplets, views
from unweave.data.sampling.changing import pairs
from unweave.data.sampling.moving import clips
from unweave.data.sampling.single import Draw, Drawn, images

__all__ = ["Draw", "Drawn", "classes", "clips", "groups", "images", "pairs", "triplets", "views"]
