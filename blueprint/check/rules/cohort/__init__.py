"""Rules about Cohort."""
