"""The shipped scenarios, as data: what each observer gets, and where that is known from."""
