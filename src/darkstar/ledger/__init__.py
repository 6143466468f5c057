"""The rules of the books: from evidence to slots. Pure: numbers in, numbers out."""
