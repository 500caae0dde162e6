"""What outlives a run: the home folder, the timeline, embeddings, checkpoints."""
