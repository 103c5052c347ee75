"""What people run on their own machines, so that the service need not be trusted with it. It imports nothing of ours but crypto."""
