"""Who works when: shifts, the week's checks, swaps, and what an absence does to visits."""
