"""Made-up laboratory documents in many layouts, with the exact truth of every printed result."""
