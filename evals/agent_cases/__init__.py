"""The whole agent on generated cases whose truth is exact, beside agents that see everything or nothing."""
