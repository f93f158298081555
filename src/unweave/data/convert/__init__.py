"""Arrays, labels and samples as people have them, made into images and factors."""
