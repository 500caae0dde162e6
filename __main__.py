"""`python -m caseloom` is the command line."""

from .app.command_line import main

main()
