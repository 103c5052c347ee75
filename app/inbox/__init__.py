"""What passes between a case and whoever raised it: messages, outcomes, duties kept, identities given later, detriment."""
