"""What the clinic is made of: rooms, kinds of visit, opening hours, questions before a visit."""
