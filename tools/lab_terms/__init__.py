"""Names, codes, units and limits of laboratory tests: what documents and records share."""
