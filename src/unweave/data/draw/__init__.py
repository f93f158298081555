"""Which rows make a batch: single ones, or those belonging together (groups, pairs, triplets, clips, views, classes)."""

from unweave.data.draw.belonging import classes, groups, triplets, views
from unweave.data.draw.changing import pairs
from unweave.data.draw.moving import clips
from unweave.data.draw.single import Draw, Drawn, images

__all__ = ["Draw", "Drawn", "classes", "clips", "groups", "images", "pairs", "triplets", "views"]
