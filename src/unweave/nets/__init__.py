"""Networks: shape in, shape out. Whatever a method is given in their place works if it maps the same shapes."""
