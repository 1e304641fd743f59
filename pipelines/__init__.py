"""The flows that a person runs, and the `quintanas` command that runs them."""
