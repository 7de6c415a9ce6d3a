"""Ranked lists compared with what the user chose."""
