"""Untrusted bytes in, typed objects with geometry out. The only room that opens input files."""
