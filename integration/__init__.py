"""parzen beside other packages, one room each: only these rooms import them."""
