"""What an attacker tries, and what the product answers."""
