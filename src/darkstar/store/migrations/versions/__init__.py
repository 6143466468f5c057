"""One file a schema, frozen as it was written: what it says is what lies in the files of its time."""
