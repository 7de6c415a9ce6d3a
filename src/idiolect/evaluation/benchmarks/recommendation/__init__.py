"""The next item, a rating, yes or no."""
