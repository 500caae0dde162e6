"""Whole-slide pathology: tissue, nuclear density, ranked regions."""
