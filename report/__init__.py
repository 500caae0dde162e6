"""A report model out, in the forms people and programs read."""
