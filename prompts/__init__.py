"""Texts as files, filled strictly."""
