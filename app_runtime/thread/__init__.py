"""The activity thread of an app: what it said and asked, what people replied, what is new to each of them."""
