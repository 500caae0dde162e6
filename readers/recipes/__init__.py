"""What the model is asked, one module per task: pure functions from typed objects to requests."""
