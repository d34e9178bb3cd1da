"""The medical record on screen and on paper."""
