"""Who may do what: keys, their rights, and what each route needs. Independent of HTTP."""
