"""Free sentences held against the findings that they cite: words to tokens, tokens to claims, claims to findings."""
