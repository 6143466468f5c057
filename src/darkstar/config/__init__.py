"""What a person writes down about the home: `darkstar.yaml`, the secrets beside it, and where the folder is."""
