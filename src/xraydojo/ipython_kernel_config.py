"""Settings of the kernels of this environment, installed as etc/ipython/ipython_kernel_config.py."""

c = get_config()
# what TensorFlow's C++ writes about the machine at every import would look like an error; it goes to the terminal
c.IPKernelApp.capture_fd_output = False
# friendly words for errors, from the first cell on
c.IPKernelApp.extensions = ["xraydojo.crash"]
