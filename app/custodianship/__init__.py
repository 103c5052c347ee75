"""What custodians do with what they hold, and what an offline root says of them. It opens no identity and decides no opening."""
