"""The port responder: stands on the vendor's hosts, answers on every port, and shows that it was reached."""
