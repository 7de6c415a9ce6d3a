"""What one named reader says of a text."""
