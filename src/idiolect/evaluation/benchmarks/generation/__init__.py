"""Text in a person's own manner, or true to his persona."""
