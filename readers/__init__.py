"""Who reads: vision-language models behind one protocol, and `measure`, which interprets nothing."""
