"""How Caseloom decides: the review graph, planning, composing, verifying."""
