"""Parser of users' CSV tables: headers, cells, row indices, and labels of images."""
