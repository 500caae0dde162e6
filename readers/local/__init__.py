"""MedGemma on this machine, through transformers."""
