"""MedGemma behind an OpenAI-compatible server."""
