"""What every HTTP dialect shares: uploads, answers, errors, health, pages."""
