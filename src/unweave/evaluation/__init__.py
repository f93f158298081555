"""What joins a model and a data set: codes of images, scores of codes, what each latent changes."""
