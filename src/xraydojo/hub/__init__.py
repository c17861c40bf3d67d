"""The hub: a seminar or a class in the browser, on JupyterHub, from one `course.yaml`."""
