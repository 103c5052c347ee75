"""What the investigator gathered: exhibits, requests that were never answered, and what each bears on."""
