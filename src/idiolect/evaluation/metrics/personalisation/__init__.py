"""Does a model tell users apart as they tell themselves apart? Metrics over pairs of users of one document."""
