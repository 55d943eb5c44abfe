"""The only place that opens sockets; exceptions of libraries and of the system stop here and become domain words."""
