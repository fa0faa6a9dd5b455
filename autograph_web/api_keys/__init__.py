"""Keys for programs: made by a person, used in that person's name, for less than the person may do."""
