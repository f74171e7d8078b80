"""The engine, one folder a floor. The files that lie beside the folders are small, and import none of them."""
