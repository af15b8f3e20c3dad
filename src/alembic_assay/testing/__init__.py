"""What users' test suites import; ready-made tests come here."""
