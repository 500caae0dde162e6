"""The published tasks of the MedGemma 1.5 report: loaders, metrics, baselines, and published results beside ours."""
