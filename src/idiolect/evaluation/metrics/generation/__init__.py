"""Texts compared with a text that the user wrote or wants."""
