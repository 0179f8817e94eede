"""``python -m micrograd_like``."""

from micrograd_like.cli import main

raise SystemExit(main())
