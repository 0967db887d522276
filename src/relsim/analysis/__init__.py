"""Numbers drawn from ensembles."""
