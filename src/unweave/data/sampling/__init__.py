"""Which rows make a batch: single ones, or those belonging together (groups, pairs, triplets, clips, views, classes)."""
