"""The facts about a resolved platform that rules need: the adapter between `platform` and `check`."""
