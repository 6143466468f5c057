"""What another battery, tariff or home would have brought."""
