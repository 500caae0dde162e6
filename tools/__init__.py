"""What the agent can do: each tool gates its input, measures, reads through the reader, and reports findings."""
