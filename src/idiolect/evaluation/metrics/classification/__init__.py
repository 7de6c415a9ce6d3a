"""Labels and ratings: right or wrong, or by how much."""
