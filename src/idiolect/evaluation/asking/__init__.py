"""Asking under every arm: whose data, which training, in what batches, in how many processes."""
