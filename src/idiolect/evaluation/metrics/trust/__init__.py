"""What is revealed, who is harmed by being known, and whether certainty means anything."""
