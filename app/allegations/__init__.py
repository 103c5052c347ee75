"""How the investigator arranges what was alleged: themes and allegations, and every change of them with its reason."""
