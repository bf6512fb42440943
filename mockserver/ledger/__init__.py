"""Where rules, deliveries and attempts are kept: one protocol, several stores."""
