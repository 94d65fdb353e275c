"""Development tools of this repository. They are not part of the installed package."""
