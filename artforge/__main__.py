"""`python -m artforge` is the `artforge` command."""

from artforge.cli.main import main

if __name__ == "__main__":
    main()
