"""Laboratory reports: every result with its unit, range, flag, date and place on the page."""
