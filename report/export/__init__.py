"""A report in the forms that other systems read, one module per form."""
