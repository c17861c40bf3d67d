"""Let ``python -m xraydojo`` be the `dojo` command."""

from xraydojo.cli import main

main()
