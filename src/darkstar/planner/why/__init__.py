"""Why a plan is as it is, in figures and in sentences."""
