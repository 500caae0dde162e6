"""How accurate the tools are, on data with known truth. Run one with `python -m caseloom.evals.NAME`."""
