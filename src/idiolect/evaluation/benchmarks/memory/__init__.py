"""To find in a long history what bears on a question."""
