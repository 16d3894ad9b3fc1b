"""`python -m hivesight`: the `hivesight` command."""

from hivesight.cli.main import main

main()
