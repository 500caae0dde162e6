"""The shared words: case, finding, evidence, report, geometry, errors, settings. No I/O, no model library."""
